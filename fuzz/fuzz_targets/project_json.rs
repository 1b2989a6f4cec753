#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| insforge::fuzz::project_json(data));
