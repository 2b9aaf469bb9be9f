/// A refusal of the server's. `code` is what a program branches on; `detail` is for people.
public struct ServerProblem: Error, Sendable, Hashable {
  public var code: API.ErrorCode
  public var status: Int
  public var detail: String
  /// Milliseconds after which it may be tried again.
  public var retryAfterMs: Int?

  public init(code: API.ErrorCode, status: Int, detail: String, retryAfterMs: Int? = nil) {
    self.code = code
    self.status = status
    self.detail = detail
    self.retryAfterMs = retryAfterMs
  }
}
