//! The reader of legacy forms takes any bytes, urlencoded or multipart.

#![no_main]

use compat_api::form::Form;
use futures_util::FutureExt as _;
use libfuzzer_sys::fuzz_target;

/// As programs send them; the boundary is one that fits into a small input.
const TYPES: [Option<&str>; 5] = [
    None,
    Some("application/x-www-form-urlencoded"),
    Some("application/x-www-form-urlencoded; charset=iso-8859-1"),
    Some("multipart/form-data; boundary=b"),
    Some("multipart/form-data; boundary=\"b\"; charset=utf-16le"),
];

fuzz_target!(|data: &[u8]| {
    let [choice, body @ ..] = data else { return };
    let content_type = TYPES[usize::from(*choice) % TYPES.len()];
    let read = Form::read(content_type, body).now_or_never().expect("the body is there, so nothing is waited for");
    if let Ok(form) = read {
        for name in form.names() {
            assert_eq!(name, name.to_lowercase(), "names are in small letters");
            assert!(form.raw(name).is_some() && form.get(name).is_some(), "a name that holds something");
        }
    }
});
