/// The SHA-256 of a certificate, as people and links write it: hexadecimal digits, with or without colons, in either case.
public enum Fingerprint {
  /// 64 digits in lower case; `nil` when it is no SHA-256.
  public static func normalized(_ text: String) -> String? {
    let digits = text.lowercased().filter { $0 != ":" && $0 != " " }
    return digits.count == 64 && digits.allSatisfy(\.isHexDigit) ? digits : nil
  }

  public static func areEqual(_ one: String, _ other: String) -> Bool {
    guard let one = normalized(one), let other = normalized(other) else { return false }
    return one == other
  }
}
