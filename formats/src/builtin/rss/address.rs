//! Addresses of the web in feeds.

/// An absolute address of the web with everything in percent signs that an address cannot have as it is (RFC 3986 section 2); `None`
/// where it is none.
pub(super) fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    if rest.is_empty() || rest.starts_with(['/', '?', '#']) {
        return None;
    }
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let mut address = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_fine(byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    Some(address)
}
