//! Makes cargo look again at the style sheets, fonts and scripts that are embedded.

fn main() {
    println!("cargo:rerun-if-changed=assets/dist");
    println!("cargo:rerun-if-changed=text");
    println!("cargo:rerun-if-changed=../../docs/errors");
}
