/// Pauses between tries that grow while they fail: 0.5, 1, 2, 4 … 30 s, each cut by up to a half, so that many devices do not
/// come back at once.
public struct BackOff: Sendable {
  private static let first = 0.5
  private static let most = 30.0
  private var failures = 0

  public init() {}

  /// The next pause in seconds. `random` is in 0..<1.
  public mutating func next(random: Double = .random(in: 0..<1)) -> Double {
    var full = Self.first
    for _ in 0..<min(failures, 10) { full = min(Self.most, full * 2) }
    failures += 1
    return full * (0.5 + random / 2)
  }

  public mutating func reset() { failures = 0 }
}
