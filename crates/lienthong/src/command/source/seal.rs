//! `lienthong source seal`: a password that no longer lies in the clear.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use super::super::file;
use crate::config::Config;
use crate::credentials::Unsealer;

/// Longest password, in bytes.
const PASSWORD_BYTES_MAX: u64 = 4_096;

/// Arguments of `source seal`.
#[derive(clap::Args)]
pub struct Seal {
    /// Tệp chứa mật khẩu của nguồn; `-` là đọc từ đầu vào / file with the password of the source; `-` reads it from the input.
    #[arg(long, value_name = "FILE|-")]
    password_file: PathBuf,
    /// Tệp cấu hình của nút sẽ dùng mật khẩu / configuration of the node that will use it.
    #[arg(long, default_value = "lienthong.toml")]
    config: PathBuf,
    /// Tệp niêm phong; không ghi đè / sealed file; never overwrites.
    #[arg(short, long)]
    output: PathBuf,
}

/// Carries the command out.
pub fn run(args: &Seal) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.config)?;
    let from_input = args.password_file.as_os_str() == "-";
    let text = if from_input {
        let mut text = String::new();
        std::io::stdin()
            .take(PASSWORD_BYTES_MAX + 1)
            .read_to_string(&mut text)
            .context("đầu vào không phải UTF-8 / the input is not UTF-8")?;
        text
    } else {
        sources::password::read(&args.password_file)?
    };
    if crypto::seal::is_sealed(&text) {
        bail!("{}: đã niêm phong rồi / is sealed already", args.password_file.display());
    }
    let password = text.trim_end();
    if password.is_empty() || password.len() as u64 > PASSWORD_BYTES_MAX {
        bail!("mật khẩu trống hoặc quá dài / the password is empty or too long");
    }
    let sealed = Unsealer::proven(&config)?.seal(password)?;
    file::write_new(&args.output, sealed.as_bytes(), file::PRIVATE)?;
    println!("Đã niêm phong / sealed: {} ({})", args.output.display(), config.node);
    println!("Dùng trong định nghĩa / use it in a definition: password_file = \"{}\"", args.output.display());
    if !from_input {
        println!(
            "Thử bằng `source check`, rồi xóa tệp gốc / try it with `source check`, then delete the clear file: {}",
            args.password_file.display()
        );
    }
    Ok(ExitCode::SUCCESS)
}
