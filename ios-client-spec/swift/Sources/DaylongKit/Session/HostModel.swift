import Foundation
import Observation

/// All that an app shows of one computer: its sessions in the order of need, their conversations, the open permissions, and how the
/// connection is. Views read it and call it; it owns the client, and stores every event before it is acknowledged.
@MainActor @Observable
public final class HostModel {
  public let host: PairedHost
  public private(set) var sessions: [API.Session] = []
  public private(set) var connection: ConnectionState = .stopped
  /// Why the last request of this model failed; `nil` after a good one.
  public var fault: String?

  private var transcripts: [String: ChatTranscript] = [:]
  private var details: [String: SessionStatus] = [:]
  /// Where the messages before those that are loaded begin; absent: nothing was loaded yet, `nil`: there are no more.
  private var earlier: [String: String?] = [:]
  private var permissions: [String: API.Permission] = [:]
  /// A new session's words until the server has said which session they began.
  private var beginnings: [UnsentMessage] = []
  @ObservationIgnored private let archive: EventArchive
  @ObservationIgnored private var listening: Task<Void, Never>?
  @ObservationIgnored private var refreshing: Task<Void, Never>?
  /// Numbers of the newest look at the server, and of the newest one whose answer is shown.
  @ObservationIgnored private var asked = 0
  @ObservationIgnored private var shown = 0
  @ObservationIgnored private(set) var client: DaylongClient!

  public init(
    host: PairedHost, token: String, transport: any Transport, store: any KeptStore,
    onAddress: @escaping @Sendable (URL) async -> Void = { _ in }
  ) {
    self.host = host
    archive = EventArchive(store: store, hostId: host.id)
    let sink = Sink(archive: archive)
    client = DaylongClient(host: host, token: token, transport: transport, store: store, sink: sink, onAddress: onAddress)
    sink.model = self
  }

  // MARK: - Life

  /// Shows what the phone has, then connects.
  public func start() async {
    guard listening == nil else { return }
    for event in (try? await archive.events()) ?? [] { show(event) }
    for message in (try? await client.unsent()) ?? [] { show(message) }
    let news = await client.news()
    listening = Task { [weak self] in
      for await one in news { self?.hear(one) }
    }
    await client.start()
    await refresh()
  }

  public func stop() async {
    await client.stop()
    listening?.cancel()
    listening = nil
  }

  /// To be called with every change of the scene's phase, and when another session comes to the screen.
  public func setPresence(foreground: Bool, sessionId: String? = nil) async {
    if foreground { await client.hurry() }
    await client.setPresence(foreground: foreground, sessionId: sessionId)
    if foreground { await refresh() }
  }

  /// The REST face, for what the model does not do itself.
  public func rest() async -> RestClient { await client.rest }

  // MARK: - What is shown

  public func transcript(of sessionId: String) -> ChatTranscript {
    if let known = transcripts[sessionId] { return known }
    let made = ChatTranscript(sessionId: sessionId)
    transcripts[sessionId] = made
    return made
  }

  /// Loads what was said before the phone knew the session, a page at a time; to be called when a conversation is opened, and when
  /// its reader comes to its beginning.
  public func loadEarlier(_ sessionId: String) async {
    let before = earlier[sessionId]
    if case .some(.none) = before { return }
    await trying {
      let page = try await client.rest.messages(of: sessionId, before: before.flatMap { $0 })
      transcript(of: sessionId).load(page.messages)
      earlier[sessionId] = .some(page.nextBefore)
    }
  }

  /// The status of a session that the list holds.
  public func status(of sessionId: String) -> SessionStatus? {
    if let known = details[sessionId] { return known }
    guard let session = sessions.first(where: { $0.sessionId == sessionId }) else { return nil }
    let client = client!
    let made = SessionStatus(session) { await client.rest }
    details[sessionId] = made
    return made
  }

  /// What waits for the owner in a session, the oldest first.
  public func openPermissions(of sessionId: String) -> [API.Permission] {
    permissions.values.filter { $0.sessionId == sessionId }.sorted { $0.requestedAt < $1.requestedAt }
  }

  /// 0: needs the owner, 1: works, 2: done and unread, 3: idle.
  public static func need(_ session: API.Session) -> Int {
    if session.openPermissions > 0 || session.lastError != nil { return 0 }
    if session.state == .busy || session.runningTasks > 0 { return 1 }
    return session.unread > 0 ? 2 : 3
  }

  // MARK: - What the owner does

  public func send(_ text: String, to sessionId: String) async {
    await send(UnsentMessage(sessionId: sessionId, message: text))
  }

  /// Begins a session. It is in `sessions` as soon as the server has taken the words.
  public func begin(_ text: String, in projectPath: String) async {
    await send(UnsentMessage(projectPath: projectPath, message: text))
  }

  private func send(_ message: UnsentMessage) async {
    show(message)
    await trying { try await client.send(message) }
  }

  public func answer(_ permissionId: String, _ answer: API.PostPermissionsByPermissionIdRequest) async {
    await trying {
      do {
        _ = try await client.rest.answer(permissionId, answer)
      } catch let problem as ServerProblem where NotificationActionHandler.isOver(problem.code) {
        // Answered on another device, or over: the card goes, and nothing is wrong.
      }
      isOver(permissionId)
    }
  }

  public func interrupt(_ sessionId: String) async {
    await trying { _ = try await client.rest.interrupt(sessionId) }
  }

  /// Loads the list and the open permissions.
  public func refresh() async {
    await trying {
      asked += 1
      let mine = asked
      let rest = await client.rest
      let (list, open) = (try await rest.sessions().sessions, try await rest.permissions().permissions)
      // An answer to an earlier question, or one from before a card went, knows less than what is shown.
      guard mine > shown else { return refreshSoon() }
      shown = mine
      permissions = Dictionary(open.map { ($0.permissionId, $0) }) { $1 }
      arrange(list)
      for session in sessions { details[session.sessionId]?.show(session) }
    }
  }

  /// Shows the sessions in the order of their need. A row says that it waits for the owner when there is a card to answer: the list
  /// and the cards come in two answers, between which one may have been opened or closed.
  private func arrange(_ list: [API.Session]) {
    let waiting = Dictionary(grouping: permissions.values, by: \.sessionId)
    let rows = list.map { session in
      var row = session
      row.openPermissions = waiting[session.sessionId]?.count ?? 0
      return row
    }
    sessions = rows.sorted { (Self.need($0), -$0.lastActivityAt) < (Self.need($1), -$1.lastActivityAt) }
  }

  private func isOver(_ permissionId: String) {
    shown = asked
    permissions[permissionId] = nil
    arrange(sessions)
  }

  private func trying(_ work: () async throws -> Void) async {
    do {
      try await work()
      fault = nil
    } catch let problem as ServerProblem {
      fault = problem.detail
    } catch {
      // Offline: what is known stays on the screen, `connection` says how things are, and what was written is kept.
    }
  }

  // MARK: - What the server says

  private func show(_ message: UnsentMessage) {
    if let sessionId = message.sessionId {
      transcript(of: sessionId).add(message)
    } else {
      beginnings.append(message)
    }
  }

  private func show(_ event: LoggedEvent) {
    guard let sessionId = event.envelope.sessionId else { return }
    if case .sessionClosed(let closed) = event.event, closed.data.erased == true {
      transcripts[sessionId] = nil
      details[sessionId] = nil
      return
    }
    transcript(of: sessionId).apply(event)
  }

  fileprivate func take(_ event: LoggedEvent) {
    show(event)
    guard event.envelope.sessionId != nil else { return }
    switch event.event {
    case .permissionResolved(let resolved): isOver(resolved.data.permissionId)
    case .permissionExpired(let expired): isOver(expired.data.permissionId)
    default: break
    }
    refreshSoon()
  }

  /// Events come in bursts: one look at the list covers those of a quarter of a second.
  private func refreshSoon() {
    guard refreshing == nil else { return }
    refreshing = Task { [weak self] in
      try? await Task.sleep(for: .milliseconds(250))
      self?.refreshing = nil
      await self?.refresh()
    }
  }

  fileprivate func startOver() async {
    permissions = [:]
    earlier = [:]
    let shown = transcripts.values.filter { !$0.state.items.isEmpty }
    for transcript in transcripts.values { transcript.startOver() }
    await refresh()
    for transcript in shown { await loadEarlier(transcript.sessionId) }
  }

  private func hear(_ news: ClientNews) {
    switch news {
    case .state(let state): connection = state
    case .outcome(let message, .accepted(let accepted)) where message.sessionId == nil:
      beginnings.removeAll { $0.clientMessageId == message.clientMessageId }
      var known = message
      known.sessionId = accepted.sessionId
      transcript(of: accepted.sessionId).apply(.outcome(known, .accepted(accepted)))
    case .outcome(let message, _):
      if let sessionId = message.sessionId { transcript(of: sessionId).apply(news) }
    case .delta(let delta): transcript(of: delta.sessionId).apply(news)
    case .activity: break
    case .sinkFailed(_, let detail): fault = "An event could not be stored: \(detail)"
    }
  }

  /// Stores, then shows: an event that is on the screen only would be lost with the app.
  private final class Sink: EventSink, @unchecked Sendable {
    private let archive: EventArchive
    /// Set once, before the client starts.
    weak var model: HostModel?

    init(archive: EventArchive) { self.archive = archive }

    func apply(_ event: LoggedEvent) async throws {
      if try await archive.append(event) { await model?.take(event) }
    }

    func startOver(at position: Position) async throws {
      try await archive.startOver(after: position.cursor)
      await model?.startOver()
    }
  }
}
