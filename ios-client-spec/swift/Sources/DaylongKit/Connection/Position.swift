/// Up to where the log of a server is known: `cursor` means something in its `epoch` only.
public struct Position: Codable, Sendable, Hashable {
  public var epoch: String
  public var cursor: Int

  public init(epoch: String, cursor: Int) {
    self.epoch = epoch
    self.cursor = cursor
  }
}

/// Where an app keeps what it shows. The client hands over one event at a time and acknowledges it only after `apply` has
/// returned: an app that is killed in between gets the event again, so `apply` must be a no-op for a cursor that it has.
public protocol EventSink: Sendable {
  func apply(_ event: LoggedEvent) async throws
  /// Events are missing, or the log is another one (a restored backup): forget what was derived from it and load
  /// `GET /api/sessions` anew. Events after `position` follow.
  func startOver(at position: Position) async throws
}

/// What the socket is doing, in words for a person.
public enum ConnectionState: Sendable, Hashable {
  case stopped
  case connecting
  case connected
  /// Tried again in `retryIn` seconds; what is written is kept.
  case reconnecting(detail: String, retryIn: Double)
  /// The token is not valid any more, or the protocol is too new: nothing is tried again.
  case unauthorized(detail: String)
}
