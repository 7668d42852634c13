"""Finds duplicate persons with Splink, a well-kept implementation that is not ours, in a register that the example
`linkage` wrote, and prints precision and recall. Run by hand, since Splink and what it needs take 600 MB:

    cargo run -p sources --example linkage make 20000 1 register.csv
    python3 -m venv venv && venv/bin/pip install splink && venv/bin/python crates/sources/tests/linkage_splink.py register.csv
"""

import sys
import unicodedata

import pandas as pd
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

data = pd.read_csv(sys.argv[1], dtype=str)


def plain(name):
    """Lower case, no tone marks, given name first: what our comparison looks at."""
    if not isinstance(name, str):
        return None
    letters = unicodedata.normalize("NFD", name.lower().replace("đ", "d"))
    words = "".join(c for c in letters if not unicodedata.combining(c)).split()
    return " ".join(reversed(words))


for column in ["ho_ten", "ho_ten_cha", "ho_ten_me"]:
    data[column] = data[column].map(plain)
data["given"] = data["ho_ten"].str.split(" ").str[0]
data["nam_sinh"] = data["ngay_sinh"].str[:4]
# Commune, phone and parents as one thing, as Splink's guide advises for columns that go together.
data["family"] = data["ho_ten_cha"] + "|" + data["ho_ten_me"]
data = data.rename(columns={"id": "unique_id"}).astype(object).where(data.notna().values, None)

settings = SettingsCreator(
    link_type="dedupe_only",
    blocking_rules_to_generate_predictions=[
        block_on("so_dinh_danh"),
        block_on("ngay_sinh", "given"),
        block_on("ho_ten", "nam_sinh"),
        block_on("dien_thoai"),
        block_on("cmnd"),
    ],
    comparisons=[
        cl.JaroWinklerAtThresholds("ho_ten", [0.94, 0.88]).configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("ngay_sinh", [1]),
        cl.ExactMatch("gioi_tinh"),
        cl.DamerauLevenshteinAtThresholds("so_dinh_danh", [1]),
        cl.DamerauLevenshteinAtThresholds("cmnd", [1]),
        cl.ExactMatch("family"),
    ],
)
linker = Linker(DuckDBAPI().register(data), settings)
linker.training.estimate_probability_two_random_records_match([block_on("so_dinh_danh")], recall=0.7)
linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
for rule in [block_on("so_dinh_danh"), block_on("ngay_sinh", "given"), block_on("cmnd")]:
    linker.training.estimate_parameters_using_expectation_maximisation(rule)
found = linker.inference.predict(threshold_match_probability=0.9).as_pandas_dataframe()

person = data.set_index("unique_id")["person"]
right = (person.loc[found["unique_id_l"]].values == person.loc[found["unique_id_r"]].values).sum()
twice = (data["person"].value_counts() == 2).sum()
print(f"{len(found)} pairs told, {twice} persons are there twice: precision {right / len(found):.4f}, recall {right / twice:.4f}")
