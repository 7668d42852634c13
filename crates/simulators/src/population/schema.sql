-- Cơ sở dữ liệu dân cư của một tỉnh, như Công an tỉnh có thể giữ; dữ liệu hoàn toàn hư cấu.
-- The population database of one province, as its police could keep it; all data are invented.

CREATE TABLE thong_tin (khoa TEXT PRIMARY KEY, gia_tri TEXT NOT NULL) WITHOUT ROWID;

-- Danh mục / code lists.
CREATE TABLE dm_dan_toc (ma CHAR(2) PRIMARY KEY, ten TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE dm_quan_he (ma CHAR(2) PRIMARY KEY, ten TEXT NOT NULL) WITHOUT ROWID;
-- Ba chữ số đầu của số định danh / the first three digits of personal numbers.
CREATE TABLE dm_noi_khai_sinh (ma CHAR(3) PRIMARY KEY, ten TEXT NOT NULL) WITHOUT ROWID;
-- Xã đến hết ngày 30/6/2025, và xã mà nó đã nhập vào / communes until 30 June 2025, and what they became part of.
CREATE TABLE dm_xa (
    ma_xa_cu CHAR(5) PRIMARY KEY, ten_xa_cu TEXT NOT NULL,
    ma_huyen_cu CHAR(3) NOT NULL, ten_huyen_cu TEXT NOT NULL,
    ma_tinh_cu CHAR(2) NOT NULL, ten_tinh_cu TEXT NOT NULL,
    ma_xa CHAR(5) NOT NULL, ten_xa TEXT NOT NULL,
    ma_tinh CHAR(2) NOT NULL, ten_tinh TEXT NOT NULL,
    sap_nhap_tu DATE NOT NULL
) WITHOUT ROWID;

CREATE TABLE ho_gia_dinh (
    so_ho CHAR(9) PRIMARY KEY, so_dinh_danh_chu_ho CHAR(12) NOT NULL REFERENCES cong_dan, ngay_dang_ky DATE NOT NULL,
    ma_xa_cu CHAR(5) NOT NULL REFERENCES dm_xa, dia_chi TEXT NOT NULL
) WITHOUT ROWID;

-- gioi_tinh: 1 nam, 2 nữ / male, female.
CREATE TABLE cong_dan (
    so_dinh_danh CHAR(12) PRIMARY KEY, ho_ten TEXT NOT NULL, ngay_sinh DATE NOT NULL, gioi_tinh CHAR(1) NOT NULL,
    ma_dan_toc CHAR(2) NOT NULL REFERENCES dm_dan_toc, so_ho CHAR(9) NOT NULL REFERENCES ho_gia_dinh,
    ma_quan_he CHAR(2) NOT NULL REFERENCES dm_quan_he, ngay_thuong_tru DATE NOT NULL,
    so_dinh_danh_cha CHAR(12) REFERENCES cong_dan, so_dinh_danh_me CHAR(12) REFERENCES cong_dan,
    so_dinh_danh_vo_chong CHAR(12) REFERENCES cong_dan
) WITHOUT ROWID;

CREATE TABLE tam_tru (
    so_dinh_danh CHAR(12) PRIMARY KEY REFERENCES cong_dan, tu_ngay DATE NOT NULL, den_ngay DATE NOT NULL,
    ma_xa_cu CHAR(5) NOT NULL REFERENCES dm_xa, dia_chi TEXT NOT NULL
) WITHOUT ROWID;

-- Số liệu chốt ngày 01/11/2026 / figures as of 1 November 2026.
CREATE TABLE thong_ke_xa (
    ma_xa_cu CHAR(5) PRIMARY KEY REFERENCES dm_xa, nhan_khau INTEGER NOT NULL, so_ho INTEGER NOT NULL
) WITHOUT ROWID;

-- Khung nhìn để chia sẻ: chỉ đọc, mỗi khung nhìn một dịch vụ. CROSS JOIN giữ thứ tự, để tra theo số dùng chỉ mục.
-- Views for sharing: read-only, one for each service. CROSS JOIN keeps the order, so that look-ups use the keys.
CREATE VIEW chia_se_cong_dan AS
SELECT c.so_dinh_danh, c.ho_ten, c.ngay_sinh, CASE c.gioi_tinh WHEN '1' THEN 'Nam' ELSE 'Nữ' END AS gioi_tinh,
       c.ma_dan_toc, 'Việt Nam' AS quoc_tich, n.ten AS noi_dang_ky_khai_sinh,
       h.dia_chi, x.ma_xa, x.ten_xa, x.ma_tinh, x.ten_tinh, x.ma_xa_cu, x.ten_xa_cu, x.ma_huyen_cu, x.ten_huyen_cu,
       x.ma_tinh_cu, x.ten_tinh_cu, x.sap_nhap_tu, c.so_ho, q.ten AS quan_he,
       cha.so_dinh_danh AS cha_so, cha.ho_ten AS cha_ten, me.so_dinh_danh AS me_so, me.ho_ten AS me_ten,
       vc.so_dinh_danh AS vo_chong_so, vc.ho_ten AS vo_chong_ten, '2026-11-01' AS thoi_diem
FROM cong_dan c
CROSS JOIN ho_gia_dinh h ON h.so_ho = c.so_ho
CROSS JOIN dm_xa x ON x.ma_xa_cu = h.ma_xa_cu
CROSS JOIN dm_quan_he q ON q.ma = c.ma_quan_he
CROSS JOIN dm_noi_khai_sinh n ON n.ma = substr(c.so_dinh_danh, 1, 3)
LEFT JOIN cong_dan cha ON cha.so_dinh_danh = c.so_dinh_danh_cha
LEFT JOIN cong_dan me ON me.so_dinh_danh = c.so_dinh_danh_me
LEFT JOIN cong_dan vc ON vc.so_dinh_danh = c.so_dinh_danh_vo_chong;

CREATE VIEW chia_se_ho AS
SELECT h.so_ho, h.so_dinh_danh_chu_ho, c.ho_ten AS ten_chu_ho, h.ngay_dang_ky,
       h.dia_chi, x.ma_xa, x.ten_xa, x.ma_tinh, x.ten_tinh, x.ma_xa_cu, x.ten_xa_cu, x.ma_huyen_cu, x.ten_huyen_cu,
       x.ma_tinh_cu, x.ten_tinh_cu, x.sap_nhap_tu,
       (SELECT count(*) FROM cong_dan m WHERE m.so_ho = h.so_ho) AS so_thanh_vien, '2026-11-01' AS thoi_diem
FROM ho_gia_dinh h
CROSS JOIN dm_xa x ON x.ma_xa_cu = h.ma_xa_cu
CROSS JOIN cong_dan c ON c.so_dinh_danh = h.so_dinh_danh_chu_ho;

CREATE VIEW chia_se_thanh_vien AS
SELECT c.so_ho, c.so_dinh_danh, c.ho_ten, c.ngay_sinh, CASE c.gioi_tinh WHEN '1' THEN 'Nam' ELSE 'Nữ' END AS gioi_tinh,
       c.ma_quan_he, q.ten AS quan_he
FROM cong_dan c
CROSS JOIN dm_quan_he q ON q.ma = c.ma_quan_he;

CREATE VIEW chia_se_cu_tru AS
SELECT c.so_dinh_danh, c.ho_ten, c.ngay_sinh,
       h.dia_chi, x.ma_xa, x.ten_xa, x.ma_tinh, x.ten_tinh, x.ma_xa_cu, x.ten_xa_cu, x.ma_huyen_cu, x.ten_huyen_cu,
       x.ma_tinh_cu, x.ten_tinh_cu, x.sap_nhap_tu,
       c.so_ho, h.so_dinh_danh_chu_ho, ch.ho_ten AS ten_chu_ho, q.ten AS quan_he, c.ngay_thuong_tru,
       t.dia_chi AS tt_dia_chi, tx.ma_xa AS tt_ma_xa, tx.ten_xa AS tt_ten_xa, tx.ma_tinh AS tt_ma_tinh,
       tx.ten_tinh AS tt_ten_tinh, tx.ma_xa_cu AS tt_ma_xa_cu, tx.ten_xa_cu AS tt_ten_xa_cu,
       tx.ma_huyen_cu AS tt_ma_huyen_cu, tx.ten_huyen_cu AS tt_ten_huyen_cu, tx.ma_tinh_cu AS tt_ma_tinh_cu,
       tx.ten_tinh_cu AS tt_ten_tinh_cu, tx.sap_nhap_tu AS tt_sap_nhap_tu,
       t.tu_ngay AS tt_tu_ngay, t.den_ngay AS tt_den_ngay,
       coalesce(t.dia_chi, h.dia_chi) AS ht_dia_chi, hx.ma_xa AS ht_ma_xa, hx.ten_xa AS ht_ten_xa,
       hx.ma_tinh AS ht_ma_tinh, hx.ten_tinh AS ht_ten_tinh, hx.ma_xa_cu AS ht_ma_xa_cu, hx.ten_xa_cu AS ht_ten_xa_cu,
       hx.ma_huyen_cu AS ht_ma_huyen_cu, hx.ten_huyen_cu AS ht_ten_huyen_cu, hx.ma_tinh_cu AS ht_ma_tinh_cu,
       hx.ten_tinh_cu AS ht_ten_tinh_cu, hx.sap_nhap_tu AS ht_sap_nhap_tu, '2026-11-01' AS thoi_diem
FROM cong_dan c
CROSS JOIN ho_gia_dinh h ON h.so_ho = c.so_ho
CROSS JOIN dm_xa x ON x.ma_xa_cu = h.ma_xa_cu
CROSS JOIN dm_quan_he q ON q.ma = c.ma_quan_he
CROSS JOIN cong_dan ch ON ch.so_dinh_danh = h.so_dinh_danh_chu_ho
LEFT JOIN tam_tru t ON t.so_dinh_danh = c.so_dinh_danh
LEFT JOIN dm_xa tx ON tx.ma_xa_cu = t.ma_xa_cu
LEFT JOIN dm_xa hx ON hx.ma_xa_cu = coalesce(t.ma_xa_cu, h.ma_xa_cu);

CREATE VIEW chia_se_thong_ke_tinh AS
SELECT x.ma_tinh_cu, x.ten_tinh_cu, sum(k.nhan_khau) AS tong_nhan_khau, sum(k.so_ho) AS tong_so_ho,
       '2026-11-01' AS thoi_diem
FROM thong_ke_xa k CROSS JOIN dm_xa x ON x.ma_xa_cu = k.ma_xa_cu
GROUP BY x.ma_tinh_cu, x.ten_tinh_cu;

CREATE VIEW chia_se_thong_ke_xa AS
SELECT x.ma_tinh_cu, x.ma_xa, x.ten_xa, sum(k.nhan_khau) AS nhan_khau, sum(k.so_ho) AS so_ho
FROM thong_ke_xa k CROSS JOIN dm_xa x ON x.ma_xa_cu = k.ma_xa_cu
GROUP BY x.ma_tinh_cu, x.ma_xa, x.ten_xa;
