extension API.Event {
  /// The fields that every event has, also one of a newer server; `nil` when it has no cursor and can be no event.
  public struct Envelope: Sendable, Hashable {
    public var cursor: Int
    public var type: String
    public var at: Int
    public var sessionId: String?
    public var seq: Int?
    public var turnId: String?
    /// Texts of `data` were cut to fit the frame: fetch the whole.
    public var isTruncated: Bool
  }
}

/// A frame's event with its envelope, decoded side by side. Encoding gives the event as it came, also one of a newer server.
public struct LoggedEvent: Codable, Sendable, Hashable {
  public var event: API.Event
  public var envelope: API.Event.Envelope

  private enum Keys: String, CodingKey { case cursor, type, at, sessionId, seq, turnId, truncated }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Keys.self)
    envelope = API.Event.Envelope(
      cursor: try fields.decode(Int.self, forKey: .cursor),
      type: try fields.decode(String.self, forKey: .type),
      at: try fields.decodeIfPresent(Int.self, forKey: .at) ?? 0,
      sessionId: try fields.decodeIfPresent(String.self, forKey: .sessionId),
      seq: try fields.decodeIfPresent(Int.self, forKey: .seq),
      turnId: try fields.decodeIfPresent(String.self, forKey: .turnId),
      isTruncated: try fields.decodeIfPresent(Bool.self, forKey: .truncated) ?? false)
    event = try API.Event(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws { try event.encode(to: encoder) }
}
