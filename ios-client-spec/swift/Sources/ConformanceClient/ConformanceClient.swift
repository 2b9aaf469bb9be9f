import DaylongKit
import Foundation

// A client as the conformance kit drives it: one JSON object a line on standard input, a report on standard output. What it keeps is
// in DAYLONG_STATE_DIR, and what it does beyond DaylongKit is to keep a transcript event by event.

/// The transcript on the disk, written after every event.
actor Transcripts: EventSink {
  struct Session: Codable {
    var state = "idle"
    var messages: [Line] = []
    var openPermissions: [String] = []

    /// A message that a loaded page held may come by its event as well: it is one.
    mutating func add(_ line: Line) {
      if !messages.contains(where: { $0.messageId == line.messageId }) { messages.append(line) }
    }
  }
  struct Line: Codable {
    var role: String
    var text: String
    var messageId: String
  }
  struct Kept: Codable {
    var cursor = 0
    var epoch = ""
    var sessions: [String: Session] = [:]
  }

  private(set) var kept: Kept
  private let store: FileStore
  private var rest: (@Sendable () async -> RestClient)?

  init(store: FileStore, kept: Kept) {
    self.store = store
    self.kept = kept
  }

  static func load(from store: FileStore) async throws -> Transcripts {
    let data = try await store.value("transcript")
    return Transcripts(store: store, kept: try data.map { try JSONDecoder().decode(Kept.self, from: $0) } ?? Kept())
  }

  func use(_ rest: @escaping @Sendable () async -> RestClient) { self.rest = rest }

  func note(epoch: String) async throws {
    guard kept.epoch.isEmpty else { return }
    kept.epoch = epoch
    try await keep()
  }

  func apply(_ logged: LoggedEvent) async throws {
    let envelope = logged.envelope
    // It came again after a crash between storing it and saying so.
    guard envelope.cursor > kept.cursor else { return }
    if let id = envelope.sessionId {
      var session = kept.sessions[id] ?? Session()
      switch logged.event {
      case .turnAccepted(let event): session.add(Line(role: "user", text: event.data.message, messageId: event.data.messageId))
      case .message(let event):
        var text = event.data.text
        if envelope.isTruncated, let rest { text = try await rest().message(event.data.messageId).text }
        session.add(Line(role: "assistant", text: text, messageId: event.data.messageId))
      case .permissionRequested(let event): session.openPermissions.append(event.data.permissionId)
      case .permissionResolved(let event): session.openPermissions.removeAll { $0 == event.data.permissionId }
      case .permissionExpired(let event): session.openPermissions.removeAll { $0 == event.data.permissionId }
      default: break
      }
      kept.sessions[id] = session
    }
    kept.cursor = envelope.cursor
    try await keep()
  }

  func startOver(at position: Position) async throws {
    guard let rest = await rest?() else { return }
    var fresh = Kept(cursor: position.cursor, epoch: position.epoch)
    for session in try await rest.sessions().sessions {
      let page = try await rest.messages(of: session.sessionId)
      fresh.sessions[session.sessionId] = Session(
        state: session.state.rawValue, messages: page.messages.reversed().map { Line(role: $0.role.rawValue, text: $0.text, messageId: $0.messageId) })
    }
    for permission in try await rest.permissions().permissions {
      fresh.sessions[permission.sessionId]?.openPermissions.append(permission.permissionId)
    }
    kept = fresh
    try await keep()
  }

  private func keep() async throws { try await store.setValue("transcript", try JSONEncoder().encode(kept)) }
}

struct Order: Decodable {
  var `do`: String
  var clientMessageId: String?
  var message: String?
  var sessionId: String?
  var projectPath: String?
  var permissionId: String?
  var decision: API.PostPermissionsByPermissionIdRequest.Decision?
  var payload: JSONValue?
}

struct Report: Encodable {
  struct Session: Encodable {
    var sessionId: String
    var state: String
    var messages: [Transcripts.Line]
    var openPermissions: [String]
  }
  var sessions: [Session]
  var cursor: Int
  var epoch: String
  var unsent: [String]
  var connection: String
}

func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

/// Kept apart from the rest, as a Keychain would: readable by the owner alone.
struct FileSecrets: SecretStore {
  let store: FileStore
  func secret(_ name: String) async throws -> String? {
    try await store.value("secret-\(name)").map { String(decoding: $0, as: UTF8.self) }
  }
  func setSecret(_ name: String, _ value: String?) async throws {
    try await store.setValue("secret-\(name)", Data((value ?? "").utf8))
  }
}

@main
struct ConformanceClient {
  static func main() async throws {
    let environment = ProcessInfo.processInfo.environment
    guard let address = environment["DAYLONG_URL"].flatMap({ URL(string: $0) }), let code = environment["DAYLONG_PAIRING_CODE"],
      let folder = environment["DAYLONG_STATE_DIR"]
    else {
      complain("DAYLONG_URL, DAYLONG_PAIRING_CODE and DAYLONG_STATE_DIR have to be set.")
      exit(64)
    }
    #if os(Linux)
      let transport: any Transport = LinuxTransport()
    #else
      let transport: any Transport = URLSessionTransport()
    #endif

    let store = FileStore(folder: URL(filePath: folder))
    let hosts = HostStore(store: store, secrets: FileSecrets(store: store))
    let transcripts = try await Transcripts.load(from: store)

    var known = try await hosts.all().first
    if known == nil {
      let link = try PairingLink(url: address, code: code, fingerprint: environment["DAYLONG_FINGERPRINT"])
      let paired = try await RestClient.pair(link, deviceName: "Swift client", transport: transport)
      try await hosts.add(paired.host, token: paired.token)
      known = paired.host
    }
    guard let host = known, let token = try await hosts.token(of: host.id) else { exit(1) }

    let client = DaylongClient(host: host, token: token, transport: transport, store: store, sink: transcripts)
    await transcripts.use { await client.rest }
    Task {
      for await news in await client.news() {
        if case .state(let state) = news { complain("\(state)") }
        if case .sinkFailed(let cursor, let detail) = news { complain("event \(cursor) could not be stored: \(detail)") }
      }
    }
    await client.start()

    while let line = readLine() {
      guard let order = try? JSONDecoder().decode(Order.self, from: Data(line.utf8)) else { continue }
      do { try await obey(order, client, transcripts) } catch { complain("\(order.do): \(error)") }
    }
  }

  static func report(_ client: DaylongClient, _ transcripts: Transcripts) async throws {
    let kept = await transcripts.kept
    let position = try await client.storedPosition()
    let connection =
      switch await client.state {
      case .connected: "connected"
      case .unauthorized: "unauthorized"
      default: "reconnecting"
      }
    let sessions = kept.sessions.map { id, session in
      Report.Session(
        sessionId: id, state: session.state, messages: session.messages, openPermissions: session.openPermissions)
    }
    let answer = Report(
      sessions: sessions, cursor: position?.cursor ?? kept.cursor, epoch: position?.epoch ?? kept.epoch,
      unsent: try await client.unsent().map(\.clientMessageId), connection: connection)
    FileHandle.standardOutput.write(try JSONEncoder().encode(answer) + Data("\n".utf8))
  }

  static func obey(_ order: Order, _ client: DaylongClient, _ transcripts: Transcripts) async throws {
    switch order.do {
    case "send":
      try await client.send(
        UnsentMessage(
          clientMessageId: order.clientMessageId ?? UUID().uuidString.lowercased(), sessionId: order.sessionId,
          projectPath: order.projectPath, message: order.message ?? ""))
    case "answer":
      guard let permissionId = order.permissionId, let decision = order.decision else { return }
      _ = try await client.rest.answer(permissionId, .init(decision: decision))
    case "keepalive": _ = try await client.rest.keepAlive(order.sessionId ?? "")
    case "interrupt": _ = try await client.rest.interrupt(order.sessionId ?? "")
    case "background": await client.setPresence(foreground: false)
    case "foreground":
      await client.setPresence(foreground: true)
      await client.hurry()
    case "push":
      // Shown by the system; nothing is derived from it.
      if let payload = order.payload { _ = try PushPayload(json: try JSONEncoder().encode(payload), key: nil) }
    case "report": try await report(client, transcripts)
    case "quit":
      await client.stop()
      exit(0)
    default: complain("unknown order \(order.do)")
    }
  }
}
