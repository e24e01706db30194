//! Orbit mean-elements messages in keyword-value notation.
#![no_main]

use libfuzzer_sys::fuzz_target;
use perigee_orbit::Elements;

fuzz_target!(|text: &str| perigee_fuzz::elements(Elements::parse_omm_kvn(text)));
