import Foundation

/// A message that the server has not accepted yet. Its id makes any number of tries one message.
public struct UnsentMessage: Codable, Sendable, Hashable, Identifiable {
  public var clientMessageId: String
  /// The session it is for; `nil`: a new one in `projectPath`.
  public var sessionId: String?
  public var projectPath: String?
  public var message: String
  public var attachmentIds: [String]

  public var id: String { clientMessageId }

  public init(
    clientMessageId: String = UUID().uuidString.lowercased(), sessionId: String? = nil, projectPath: String? = nil,
    message: String, attachmentIds: [String] = []
  ) {
    self.clientMessageId = clientMessageId
    self.sessionId = sessionId
    self.projectPath = projectPath
    self.message = message
    self.attachmentIds = attachmentIds
  }

  func frame(ref: String) -> API.SendFrame {
    API.SendFrame(
      ref: ref, message: message, sessionId: sessionId, projectPath: projectPath, clientMessageId: clientMessageId,
      attachments: attachmentIds.isEmpty ? nil : attachmentIds.map { .init(attachmentId: $0) })
  }
}

/// What became of a message.
public enum SendOutcome: Sendable, Hashable {
  case accepted(API.AcceptedFrame)
  /// Refused for good: it is not kept any more, and the person has to hear why.
  case refused(code: API.ErrorCode, detail: String)
}

/// Messages on their way: kept before they are sent, sent again on every connection until they are accepted or refused for good,
/// those of one session one behind the other. A plain value: the client's actor owns it, and writes it to the store whenever
/// `isDirty`.
struct Outbox {
  /// Refusals that pass by themselves.
  static let passing: Set<API.ErrorCode> = [
    .poolFull, .deviceQueueFull, .shuttingDown, .storageFailed, .rateLimited, .attachmentLimit, .internalError,
    .sessionQuarantined,
  ]

  private struct Entry {
    let message: UnsentMessage
    /// Of the frame that is on its way.
    var ref: String?
    /// Not before this instant (seconds of the clock that is given), after a refusal that passes.
    var notBefore: Double?
    var backOff = BackOff()
  }

  private var entries: [Entry] = []
  private var refs = 0

  init(kept: [UnsentMessage] = []) { entries = kept.map { Entry(message: $0) } }

  var kept: [UnsentMessage] { entries.map(\.message) }

  mutating func add(_ message: UnsentMessage) {
    guard !entries.contains(where: { $0.message.clientMessageId == message.clientMessageId }) else { return }
    entries.append(Entry(message: message))
  }

  /// Forgets a message that was never handed to a connection. False: it may have arrived, and cannot be taken back.
  mutating func withdraw(_ clientMessageId: String) -> Bool {
    guard let index = entries.firstIndex(where: { $0.message.clientMessageId == clientMessageId }),
      entries[index].ref == nil
    else { return false }
    entries.remove(at: index)
    return true
  }

  /// The connection is new: what was on its way on the last one may not have arrived.
  mutating func connectionIsNew() {
    for index in entries.indices { entries[index].ref = nil }
  }

  /// The frames that may go now, in their order.
  mutating func due(at now: Double) -> [API.SendFrame] {
    var busy: Set<String> = []
    var frames: [API.SendFrame] = []
    for index in entries.indices {
      let entry = entries[index]
      let isBehind = entry.message.sessionId.map { !busy.insert($0).inserted } ?? false
      guard !isBehind, entry.ref == nil, entry.notBefore.map({ $0 <= now }) ?? true else { continue }
      refs += 1
      entries[index].ref = "m\(refs)"
      frames.append(entry.message.frame(ref: "m\(refs)"))
    }
    return frames
  }

  /// When a message is due whose pause has not ended yet.
  var nextDue: Double? { entries.compactMap { $0.ref == nil ? $0.notBefore : nil }.min() }

  /// The message that an answer belongs to, and what became of it; `nil`: none of this outbox, or it is tried again.
  mutating func hear(_ frame: API.ServerFrame, at now: Double) -> (UnsentMessage, SendOutcome)? {
    switch frame {
    case .accepted(let accepted):
      guard let index = index(of: accepted.ref) else { return nil }
      return (entries.remove(at: index).message, .accepted(accepted))
    case .error(let refusal):
      guard let index = index(of: refusal.ref) else { return nil }
      entries[index].ref = nil
      if Self.passing.contains(refusal.code) {
        let pause = max((refusal.retryAfterMs ?? 0) / 1000, entries[index].backOff.next())
        entries[index].notBefore = now + pause
        return nil
      }
      return (entries.remove(at: index).message, .refused(code: refusal.code, detail: refusal.detail))
    default: return nil
    }
  }

  private func index(of ref: String?) -> Int? {
    ref.flatMap { ref in entries.firstIndex { $0.ref == ref } }
  }
}
