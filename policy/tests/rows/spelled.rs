//! How a row or a vector writes a message down.

use serde_json::Value;

/// The bytes of a message: `text`, `base64`, `parts` repeated and counted up, or the members of a JSON-RPC message.
pub fn message(spelled: &Value, id: Option<&str>) -> Vec<u8> {
    if let Some(text) = spelled["text"].as_str() {
        return text.as_bytes().to_vec();
    }
    if let Some(text) = spelled["base64"].as_str() {
        return decode_base64(text);
    }
    if let Some(parts) = spelled["parts"].as_array() {
        return parts.iter().flat_map(part).collect();
    }
    let mut members: Vec<String> = vec![r#""jsonrpc":"2.0""#.to_owned()];
    members.extend(id.map(|id| format!(r#""id":{id}"#)));
    for (name, value) in spelled.as_object().unwrap() {
        members.push(format!("\"{name}\":{value}"));
    }
    format!("{{{}}}", members.join(",")).into_bytes()
}

/// `{"text": t, "times": n}` is t, n times; `{"keys": n}` is the members "k0":0 to "k<n-1>":0.
fn part(part: &Value) -> Vec<u8> {
    if let Some(keys) = part["keys"].as_u64() {
        let keys: Vec<String> = (0..keys).map(|n| format!("\"k{n}\":0")).collect();
        return keys.join(",").into_bytes();
    }
    let times = usize::try_from(part["times"].as_u64().unwrap_or(1)).unwrap();
    part["text"].as_str().unwrap().repeat(times).into_bytes()
}

fn decode_base64(text: &str) -> Vec<u8> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for sextet in text.chars().filter_map(|c| alphabet.find(c)) {
        bits = (bits << 6 | u32::try_from(sextet).unwrap()) & 0xff_ffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    out
}
