import Foundation

/// What the client tells besides events: none of it is kept, and a missed one costs nothing.
public enum ClientNews: Sendable {
  case state(ConnectionState)
  /// Words that are being written; `offset` in UTF-16 units of the text of this turn's present message.
  case delta(API.DeltaFrame)
  case activity(API.ActivityFrame)
  case outcome(UnsentMessage, SendOutcome)
  /// The sink failed at this event: it is not acknowledged and comes again.
  case sinkFailed(cursor: Int, detail: String)
}

/// A Daylong server as an app sees it: messages that run once however often the line breaks, and events that come in order and
/// come again until the sink has stored them.
///
///     stopped -> connecting -> connected -> reconnecting (pause with jitter) -> connecting
///     any of them -> unauthorized | stopped
public actor DaylongClient {
  /// Seconds from the first try to the welcome.
  static let welcomeTimeout = 10.0
  /// After so many seconds without a frame the server is asked whether it is there; after `answerTimeout` more it is not.
  static let silence = 20.0
  static let answerTimeout = 15.0
  /// A connection that held for so long was a good one: pauses begin small again.
  static let goodAfter = 5.0
  /// While more events wait, one acknowledgement covers this many.
  static let acksEvery = 50
  /// Close codes after which coming back changes nothing.
  static let finalCloseCodes: [Int: String] = [
    4400: "The server did not understand this app.",
    4401: "This device is not paired any more.",
    4409: "The server speaks a newer protocol.",
  ]

  public let host: PairedHost
  private let token: String
  private let transport: any Transport
  private let store: any KeptStore
  private let sink: any EventSink
  private let onAddress: @Sendable (URL) async -> Void

  public private(set) var state: ConnectionState = .stopped
  private var address: URL
  private var outbox: Outbox?
  private var position: Position?
  private var loop: Task<Void, Never>?
  private var hurried: CheckedContinuation<Void, Never>?
  private var socket: (any SocketConnection)?
  private var presence: (foreground: Bool, sessionId: String?)?
  private var listeners: [UUID: AsyncStream<ClientNews>.Continuation] = [:]
  private var sinceAck = 0

  /// `onAddress` is told which of the host's addresses answered, to try it first next time.
  public init(
    host: PairedHost, token: String, transport: any Transport, store: any KeptStore, sink: any EventSink,
    onAddress: @escaping @Sendable (URL) async -> Void = { _ in }
  ) {
    self.host = host
    self.token = token
    self.transport = transport
    self.store = store
    self.sink = sink
    self.onAddress = onAddress
    address = host.addresses.first ?? URL(string: "http://127.0.0.1:3000")!
  }

  // MARK: - Life

  /// Connects, and comes back whenever the connection is lost. Idempotent.
  public func start() {
    guard loop == nil else { return }
    loop = Task { await self.run() }
  }

  /// Ends the connection. Unsent messages stay in the store.
  public func stop() async {
    loop?.cancel()
    loop = nil
    wake()
    await socket?.close(code: 1000, reason: "The app stops.")
    socket = nil
    enter(.stopped)
  }

  /// The network or the app is back: tries now instead of after the pause, and does not trust a socket that slept.
  public func hurry() async {
    if let socket { await ping(socket) }
    wake()
  }

  /// News from now on. A slow reader loses the oldest beyond 1,000: everything that counts goes through the sink.
  public func news() -> AsyncStream<ClientNews> {
    let id = UUID()
    return AsyncStream(bufferingPolicy: .bufferingNewest(1_000)) { continuation in
      listeners[id] = continuation
      continuation.yield(.state(state))
      continuation.onTermination = { _ in Task { await self.forget(id) } }
    }
  }

  private func forget(_ id: UUID) { listeners[id] = nil }

  /// The REST face at the address that answered last.
  public var rest: RestClient { RestClient(address: address, token: token, trust: trust(of: address), transport: transport) }

  private func trust(of address: URL) -> ServerTrust { address.scheme == "https" ? host.trust : .system }

  // MARK: - Messages

  /// Keeps a message and sends it when there is a connection. Returns when it is in the store: from then on it survives the app's end.
  public func send(_ message: UnsentMessage) async throws {
    var next = try await loadedOutbox()
    next.add(message)
    try await keep(next.kept)
    // The store may have suspended: the outbox of now, not of then, takes it.
    outbox?.add(message)
    await flush()
  }

  /// Takes back a message that was not handed to the server yet. False: it may have arrived.
  public func withdraw(_ clientMessageId: String) async throws -> Bool {
    _ = try await loadedOutbox()
    guard outbox!.withdraw(clientMessageId) else { return false }
    try await keep(outbox!.kept)
    return true
  }

  /// Messages that the server has not accepted yet, those of an earlier run included.
  public func unsent() async throws -> [UnsentMessage] { try await loadedOutbox().kept }

  /// Says whether somebody looks, and at what: what is looked at is not pushed, and counts as read.
  public func setPresence(foreground: Bool, sessionId: String? = nil) async {
    presence = (foreground, sessionId)
    await sendPresence()
  }

  /// The cursor up to which the sink has stored everything, and the log it belongs to.
  public func storedPosition() async throws -> Position? { try await loadedPosition() }

  private func loadedOutbox() async throws -> Outbox {
    if let outbox { return outbox }
    let kept = try await store.value(key("outbox"))
    let messages = try kept.map { try JSONDecoder().decode([UnsentMessage].self, from: $0) } ?? []
    // While the store was read somebody else may have read it too.
    if let outbox { return outbox }
    outbox = Outbox(kept: messages)
    return outbox!
  }

  private func loadedPosition() async throws -> Position? {
    if let position { return position }
    let kept = try await store.value(key("position"))
    let read = try kept.map { try JSONDecoder().decode(Position.self, from: $0) }
    if position == nil { position = read }
    return position
  }

  private func keep(_ messages: [UnsentMessage]) async throws {
    try await store.setValue(key("outbox"), try JSONEncoder().encode(messages))
  }

  private func key(_ name: String) -> String { "\(host.id).\(name)" }

  // MARK: - The connection

  private func run() async {
    var backOff = BackOff()
    while !Task.isCancelled {
      enter(.connecting)
      let beganAt = Self.now()
      let detail: String
      do {
        detail = try await connectOnce()
      } catch let error as TransportError {
        if case .closed(let code, let reason) = error, let words = Self.finalCloseCodes[code] {
          return finish(reason.isEmpty ? words : reason)
        }
        if error == .wrongCertificate {
          return finish("The server shows another certificate than the one this device was paired with.")
        }
        detail = Self.words(for: error)
      } catch let problem as ServerProblem where problem.status == 401 || problem.status == 403 {
        return finish(problem.detail)
      } catch {
        detail = String(describing: error)
      }
      socket = nil
      if Task.isCancelled { return }
      if Self.now() - beganAt > Self.goodAfter { backOff.reset() }
      let pause = backOff.next()
      enter(.reconnecting(detail: detail, retryIn: pause))
      await pauseOrHurry(pause)
    }
  }

  private func finish(_ detail: String) {
    socket = nil
    loop = nil
    enter(.unauthorized(detail: detail))
  }

  private static func words(for error: TransportError) -> String {
    switch error {
    case .unreachable(let detail), .malformed(let detail): detail
    case .wrongCertificate: "The certificate is not the paired one."
    case .timedOut: "The server did not answer in time."
    case .closed(let code, let reason): "The connection ended with \(code) \(reason)".trimmingCharacters(in: .whitespaces)
    }
  }

  /// One connection, from the race of addresses to its end. Returns or throws how it ended.
  private func connectOnce() async throws -> String {
    guard let found = await AddressRace(transport: transport).first(of: host.addresses, trust: host.trust) else {
      return "None of the server's addresses answers."
    }
    address = found
    await onAddress(found)
    let from = try await startingPosition()
    _ = try await loadedOutbox()
    var components = URLComponents(url: found, resolvingAgainstBaseURL: false)!
    components.scheme = found.scheme == "https" ? "wss" : "ws"
    components.path = "/ws"
    let socketURL = components.url!
    // The token goes into the header: nothing that logs frames ever sees it.
    let opened = try await within(Self.welcomeTimeout) { [transport, token, trust = trust(of: found)] in
      try await transport.connect(
        to: socketURL, protocols: ["daylong.v1"], headers: ["Authorization": "Bearer \(token)"], trust: trust)
    }
    if Task.isCancelled {
      await opened.close(code: 1000, reason: "The app stops.")
      return ""
    }
    socket = opened
    defer { Task { await opened.close(code: 1000, reason: "") } }
    try await write(API.HelloFrame(cursor: from.cursor, epoch: from.epoch), on: opened)
    let welcome = try await within(Self.welcomeTimeout) { try await Self.welcome(on: opened) }
    try await greet(welcome, askedFrom: from)
    return try await listen(on: opened)
  }

  /// A device that has no position begins where the server knows it to be, or at the end of the log.
  private func startingPosition() async throws -> Position {
    if let known = try await loadedPosition() { return known }
    let first: EventPage = try await rest.get("/api/events", query: ["limit": "1"])
    return Position(epoch: first.epoch, cursor: first.events.first.map { $0.envelope.cursor - 1 } ?? first.cursor)
  }

  private static func welcome(on socket: any SocketConnection) async throws -> API.WelcomeFrame {
    let text = try await socket.receive()
    guard case .welcome(let welcome) = try JSONDecoder().decode(API.ServerFrame.self, from: Data(text.utf8)) else {
      throw TransportError.malformed(detail: "The server's first frame is no welcome.")
    }
    return welcome
  }

  private func greet(_ welcome: API.WelcomeFrame, askedFrom: Position) async throws {
    if welcome.recovered {
      if position == nil { position = askedFrom }
    } else {
      let tip = Position(epoch: welcome.epoch, cursor: welcome.cursor)
      // First the sink forgets, then the position is kept: a crash between the two tells of the gap again.
      try await sink.startOver(at: tip)
      try await keepPosition(tip)
    }
    enter(.connected)
    await acknowledge()
    await sendPresence()
    outbox?.connectionIsNew()
    await flush()
  }

  private func listen(on opened: any SocketConnection) async throws -> String {
    let watch = SilenceWatch()
    let watcher = Task {
      while !Task.isCancelled {
        try? await Task.sleep(for: .seconds(1))
        switch await watch.verdict(silence: Self.silence, answer: Self.answerTimeout) {
        case .fine: break
        case .ask: await self.ping(opened)
        case .gone:
          await opened.close(code: 4000, reason: "The server fell silent.")
          return
        }
      }
    }
    defer { watcher.cancel() }
    while !Task.isCancelled {
      let text = try await opened.receive()
      await watch.heard()
      guard try await hear(text) else { return "An event could not be stored; it comes again." }
    }
    return ""
  }

  /// False: the connection has to be opened anew so that an event comes again.
  private func hear(_ text: String) async throws -> Bool {
    let data = Data(text.utf8)
    // A frame of a later server may be anything: what is no object with a type is passed over.
    guard let frame = try? JSONDecoder().decode(API.ServerFrame.self, from: data) else { return true }
    switch frame {
    case .event:
      guard let logged = try? JSONDecoder().decode(EventEnvelope.self, from: data).event else { return true }
      return await pass(logged)
    case .unknown(let type, _) where type == "event":
      guard let logged = try? JSONDecoder().decode(EventEnvelope.self, from: data).event else { return true }
      return await pass(logged)
    case .delta(let delta): tell(.delta(delta))
    case .activity(let activity): tell(.activity(activity))
    case .accepted, .error:
      if let (message, outcome) = outbox?.hear(frame, at: Self.now()) {
        // If it cannot be written now, the message is sent once more after a restart, and is found to be a duplicate.
        try? await keep(outbox?.kept ?? [])
        tell(.outcome(message, outcome))
      }
      await flush()
    default: break
    }
    return true
  }

  private struct EventPage: Decodable {
    let epoch: String
    let cursor: Int
    let events: [LoggedEvent]
  }

  private struct EventEnvelope: Decodable { let event: LoggedEvent }

  private func pass(_ logged: LoggedEvent) async -> Bool {
    let cursor = logged.envelope.cursor
    guard let known = position, cursor > known.cursor else { return true }
    do {
      try await sink.apply(logged)
      try await keepPosition(Position(epoch: known.epoch, cursor: cursor))
    } catch {
      tell(.sinkFailed(cursor: cursor, detail: String(describing: error)))
      return false
    }
    sinceAck += 1
    await acknowledgeSoon()
    return true
  }

  /// First kept, then acknowledged: after a crash between the two the event comes again.
  private func keepPosition(_ next: Position) async throws {
    try await store.setValue(key("position"), try JSONEncoder().encode(next))
    position = next
  }

  private var ackTask: Task<Void, Never>?

  /// At once when nothing follows; in a burst once in `acksEvery` events.
  private func acknowledgeSoon() async {
    if sinceAck >= Self.acksEvery { return await acknowledge() }
    ackTask?.cancel()
    ackTask = Task {
      try? await Task.sleep(for: .milliseconds(20))
      if !Task.isCancelled { await self.acknowledge() }
    }
  }

  private func acknowledge() async {
    sinceAck = 0
    guard let socket, let position, state == .connected else { return }
    try? await write(API.AckFrame(cursor: position.cursor), on: socket)
  }

  private func flush() async {
    guard state == .connected, let socket, outbox != nil else { return }
    for frame in outbox!.due(at: Self.now()) {
      do { try await write(frame, on: socket) } catch { return }
    }
    if let due = outbox!.nextDue { scheduleFlush(at: due) }
  }

  private var flushTask: Task<Void, Never>?

  private func scheduleFlush(at instant: Double) {
    flushTask?.cancel()
    flushTask = Task {
      try? await Task.sleep(for: .seconds(max(0.05, instant - Self.now())))
      if !Task.isCancelled { await self.flush() }
    }
  }

  private func sendPresence() async {
    guard let presence, let socket, state == .connected else { return }
    try? await write(API.PresenceFrame(foreground: presence.foreground, sessionId: presence.sessionId), on: socket)
  }

  private func ping(_ socket: any SocketConnection) async { try? await write(API.PingFrame(), on: socket) }

  private func write(_ frame: some Encodable, on socket: any SocketConnection) async throws {
    try await socket.send(String(decoding: try JSONEncoder().encode(frame), as: UTF8.self))
  }

  // MARK: - Pauses

  private func pauseOrHurry(_ seconds: Double) async {
    let timer = Task {
      try? await Task.sleep(for: .seconds(seconds))
      self.wake()
    }
    await withCheckedContinuation { hurried = $0 }
    timer.cancel()
  }

  private func wake() {
    hurried?.resume()
    hurried = nil
  }

  private func enter(_ next: ConnectionState) {
    guard state != next else { return }
    state = next
    tell(.state(next))
  }

  private func tell(_ news: ClientNews) {
    for listener in listeners.values { listener.yield(news) }
  }

  /// Seconds of a clock that nobody sets.
  private static func now() -> Double {
    let elapsed = ContinuousClock.now - epoch
    return Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
  }

  private static let epoch = ContinuousClock.now
}

/// Notices a server that has fallen silent.
private actor SilenceWatch {
  enum Verdict { case fine, ask, gone }

  private var lastHeard = ContinuousClock.now
  private var asked = false

  func heard() {
    lastHeard = .now
    asked = false
  }

  func verdict(silence: Double, answer: Double) -> Verdict {
    let quiet = ContinuousClock.now - lastHeard
    if quiet > .seconds(silence + answer) { return .gone }
    if quiet > .seconds(silence), !asked {
      asked = true
      return .ask
    }
    return .fine
  }
}
