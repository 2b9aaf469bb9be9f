/// Everything that goes between a server and its clients: frames, events, problems, push payloads, requests and answers.
///
/// The types are generated from the schemas with which the server parses and checks them. All instants are `Int`
/// milliseconds since the Unix epoch; ids are opaque strings, compared as they are.
public enum API {}

/// A closed list of words to which a newer server may add: decoding never fails on a word, encoding gives it back.
public protocol OpenEnum: RawRepresentable, Codable, Sendable, Hashable where RawValue == String {
  init(rawValue: String)
}

extension OpenEnum {
  public init(from decoder: any Decoder) throws {
    self.init(rawValue: try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
}

/// The value of a field that may be absent, `null` or there: in a request `null` removes, and absence leaves as it is.
public enum Nullable<Value: Codable & Sendable & Hashable>: Codable, Sendable, Hashable {
  case null
  case value(Value)

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    self = container.decodeNil() ? .null : .value(try container.decode(Value.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .value(let value): try container.encode(value)
    }
  }

  public var valueOrNil: Value? {
    if case .value(let value) = self { value } else { nil }
  }
}

extension KeyedDecodingContainer {
  /// Chosen by the synthesised decoding of `Nullable` fields: the standard one cannot tell `null` from absence.
  public func decodeIfPresent<Value>(_ type: Nullable<Value>.Type, forKey key: Key) throws -> Nullable<Value>? {
    contains(key) ? try decode(type, forKey: key) : nil
  }
}
