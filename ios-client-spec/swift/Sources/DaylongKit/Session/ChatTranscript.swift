import Foundation
import Observation

/// One line of a conversation.
public struct TranscriptItem: Sendable, Hashable, Identifiable {
  public enum Kind: Sendable, Hashable {
    /// The owner's words. `delivery` says where they are on their way.
    case user(text: String, delivery: Delivery)
    case assistant(text: String, isStreaming: Bool, isPartial: Bool)
    case tool(name: String, title: String, agent: String?, result: ToolResult)
    case subagent(name: String, text: String)
    /// A turn that ended without a reply, and why.
    case failure(code: String, detail: String)
    /// Something about the session: compacted, continued in a terminal, a notice of Claude's.
    case notice(text: String)
  }

  public enum Delivery: Sendable, Hashable {
    case unsent, sent, queued(position: Int), running, ended
    case refused(detail: String)
  }

  public enum ToolResult: Sendable, Hashable {
    case running
    case done(summary: String?)
    case failed(summary: String?)
  }

  public var id: String
  public var turnId: String?
  public var at: Int?
  public var kind: Kind
}

/// The conversation of one session as a list, built from unsent messages, events and deltas. A plain value: applying an event that
/// it has changes nothing, so that events may come again.
public struct TranscriptState: Sendable, Hashable {
  public private(set) var items: [TranscriptItem] = []
  public private(set) var openPermissions: [String: API.PermissionRequestedEvent.Data] = [:]
  public private(set) var lastCursor = 0
  /// The text of the message that is being written, by its turn.
  private var writing: [String: String] = [:]

  public init() {}

  // MARK: Own messages

  public mutating func add(_ message: UnsentMessage) {
    put(TranscriptItem(id: "own-\(message.clientMessageId)", kind: .user(text: message.message, delivery: .unsent)))
  }

  public mutating func heard(_ outcome: SendOutcome, of message: UnsentMessage) {
    add(message)
    switch outcome {
    case .accepted(let accepted):
      update("own-\(message.clientMessageId)") { item in
        item.turnId = accepted.turnId
        item.kind = .user(text: message.message, delivery: Self.delivery(accepted.state, accepted.queuePosition))
      }
    case .refused(_, let detail):
      update("own-\(message.clientMessageId)") { $0.kind = .user(text: message.message, delivery: .refused(detail: detail)) }
    }
  }

  private static func delivery(_ state: API.TurnState, _ queuePosition: Int) -> TranscriptItem.Delivery {
    switch state {
    case .queued: .queued(position: queuePosition)
    case .running: .running
    default: .ended
    }
  }

  // MARK: What is written now

  /// Words come with their place in the text: words that were missed come with the finished message.
  public mutating func apply(_ delta: API.DeltaFrame) {
    let before = Array((writing[delta.turnId] ?? "").utf16)
    guard delta.offset <= before.count else { return }
    let text = String(decoding: before.prefix(delta.offset), as: UTF16.self) + delta.text
    writing[delta.turnId] = text
    put(
      TranscriptItem(
        id: "writing-\(delta.turnId)", turnId: delta.turnId, kind: .assistant(text: text, isStreaming: true, isPartial: false)))
  }

  // MARK: Earlier messages

  /// Takes a page of `GET /api/sessions/ID/messages` (the newest first): what is not here yet goes before everything else, in its order.
  public mutating func load(_ page: [API.Message]) {
    let known = Set(items.map(\.id))
    // An own message came by its event under another id; its text is in the same turn.
    let ownTurns = Set(items.filter(\.isUser).compactMap(\.turnId))
    let earlier = page.reversed().compactMap { message -> TranscriptItem? in
      guard !known.contains(message.messageId) else { return nil }
      if message.role == .user {
        if let turnId = message.turnId, ownTurns.contains(turnId) { return nil }
        return TranscriptItem(
          id: message.messageId, turnId: message.turnId, at: message.createdAt, kind: .user(text: message.text, delivery: .ended))
      }
      return TranscriptItem(
        id: message.messageId, turnId: message.turnId, at: message.createdAt,
        kind: .assistant(text: message.text, isStreaming: false, isPartial: message.partial == true))
    }
    items.insert(contentsOf: earlier, at: 0)
  }

  // MARK: Events

  public mutating func apply(_ logged: LoggedEvent) {
    let envelope = logged.envelope
    guard envelope.cursor > lastCursor else { return }
    lastCursor = envelope.cursor
    switch logged.event {
    case .turnAccepted(let event):
      put(
        TranscriptItem(
          id: "own-\(event.data.clientMessageId)", turnId: event.turnId, at: event.at,
          kind: .user(text: event.data.message, delivery: .sent)))
    case .turnQueued(let event): setDelivery(.queued(position: event.data.queuePosition), of: event.turnId)
    case .turnStarted(let event): setDelivery(.running, of: event.turnId)
    case .message(let event):
      finishWriting(event.turnId)
      put(
        TranscriptItem(
          id: event.data.messageId, turnId: event.turnId, at: event.at,
          kind: .assistant(text: event.data.text, isStreaming: false, isPartial: event.data.partial == true)))
    case .agentMessage(let event):
      put(
        TranscriptItem(
          id: "agent-\(event.cursor)", turnId: event.turnId, at: event.at,
          kind: .subagent(name: Self.name(of: event.data.agent), text: event.data.text)))
    case .toolStarted(let event):
      put(
        TranscriptItem(
          id: "tool-\(event.data.toolUseId)", turnId: event.turnId, at: event.at,
          kind: .tool(
            name: event.data.toolName, title: event.data.title, agent: event.data.agent.map(Self.name), result: .running)))
    case .toolFinished(let event):
      update("tool-\(event.data.toolUseId)") { item in
        guard case .tool(let name, let title, let agent, _) = item.kind else { return }
        let summary = event.data.summary
        item.kind = .tool(
          name: name, title: title, agent: agent, result: event.data.failed ? .failed(summary: summary) : .done(summary: summary))
      }
    case .turnCompleted(let event): endTurn(event.turnId)
    case .turnFailed(let event): fail(event.turnId, event.data.code.rawValue, event.data.detail, event.cursor, event.at)
    case .turnInterrupted(let event):
      fail(event.turnId, event.data.code.rawValue, event.data.detail, event.cursor, event.at)
    case .turnCancelled(let event):
      fail(event.turnId, "cancelled", "The message was cancelled before it ran.", event.cursor, event.at)
    case .permissionRequested(let event):
      openPermissions[event.data.permissionId] = event.data
    case .permissionResolved(let event): openPermissions[event.data.permissionId] = nil
    case .permissionExpired(let event): openPermissions[event.data.permissionId] = nil
    case .notice(let event): notice(event.data.text, event.cursor, event.at)
    case .sessionCompacted(let event):
      notice("The conversation was summed up to make room.", event.cursor, event.at)
    default: break
    }
  }

  private static func name(of agent: API.Agent) -> String { agent.description ?? agent.type ?? agent.agentId }

  private mutating func notice(_ text: String, _ cursor: Int, _ at: Int) {
    put(TranscriptItem(id: "notice-\(cursor)", at: at, kind: .notice(text: text)))
  }

  private mutating func finishWriting(_ turnId: String?) {
    guard let turnId else { return }
    writing[turnId] = nil
    items.removeAll { $0.id == "writing-\(turnId)" }
  }

  private mutating func endTurn(_ turnId: String?) {
    finishWriting(turnId)
    setDelivery(.ended, of: turnId)
  }

  private mutating func fail(_ turnId: String?, _ code: String, _ detail: String, _ cursor: Int, _ at: Int) {
    // Words that were heard stay: they are the answer as far as it went.
    if let turnId, let text = writing[turnId], !text.isEmpty {
      update("writing-\(turnId)") { item in
        item.id = "partial-\(turnId)"
        item.kind = .assistant(text: text, isStreaming: false, isPartial: true)
      }
      writing[turnId] = nil
    }
    endTurn(turnId)
    put(
      TranscriptItem(id: "end-\(turnId ?? String(cursor))", turnId: turnId, at: at, kind: .failure(code: code, detail: detail)))
  }

  private mutating func setDelivery(_ delivery: TranscriptItem.Delivery, of turnId: String?) {
    guard let turnId, let index = items.firstIndex(where: { $0.turnId == turnId && $0.isUser }) else { return }
    guard case .user(let text, _) = items[index].kind else { return }
    items[index].kind = .user(text: text, delivery: delivery)
  }

  private mutating func update(_ id: String, _ change: (inout TranscriptItem) -> Void) {
    guard let index = items.firstIndex(where: { $0.id == id }) else { return }
    change(&items[index])
  }

  /// Replaces the item of the same id where it stands; a new one comes at the end.
  private mutating func put(_ item: TranscriptItem) {
    if let index = items.firstIndex(where: { $0.id == item.id }) {
      // What the server has said of an own message is not taken back by its first form.
      if item.isUser, items[index].turnId != nil, item.turnId == nil { return }
      items[index] = item
    } else {
      items.append(item)
    }
  }
}

extension TranscriptItem {
  var isUser: Bool { if case .user = kind { true } else { false } }
}

/// The observable conversation of one session.
@MainActor @Observable
public final class ChatTranscript {
  public let sessionId: String
  public private(set) var state = TranscriptState()

  public init(sessionId: String) { self.sessionId = sessionId }

  public func apply(_ event: LoggedEvent) {
    if event.envelope.sessionId == sessionId { state.apply(event) }
  }

  public func apply(_ news: ClientNews) {
    switch news {
    case .delta(let delta) where delta.sessionId == sessionId: state.apply(delta)
    case .outcome(let message, let outcome) where message.sessionId == sessionId: state.heard(outcome, of: message)
    default: break
    }
  }

  public func add(_ message: UnsentMessage) { state.add(message) }

  /// A page of earlier messages, the newest first.
  public func load(_ page: [API.Message]) { state.load(page) }

  /// Everything is loaded anew after a gap.
  public func startOver() { state = TranscriptState() }
}
