import Foundation

/// The newest events of one host on the phone, kept in chunks so that storing one event rewrites a small file only. What `append`
/// has returned from is there after a crash, which is what an acknowledgement promises.
public actor EventArchive {
  /// Events in a chunk, and chunks that are kept: what is older is on the server.
  static let chunkSize = 64
  static let mostChunks = 32

  private struct Index: Codable {
    var first = 0
    var last = 0
    var cursor = 0
  }

  private let store: any KeptStore
  private let name: String
  private var index: Index?
  private var chunk: [LoggedEvent] = []

  public init(store: any KeptStore, hostId: String) {
    self.store = store
    name = "events.\(hostId)"
  }

  /// Keeps an event. False: it has come before, and nothing was done.
  @discardableResult
  public func append(_ event: LoggedEvent) async throws -> Bool {
    var next = try await loaded()
    guard event.envelope.cursor > next.cursor else { return false }
    var events = chunk
    if events.count >= Self.chunkSize {
      events = []
      next.last += 1
      next.first = max(next.first, next.last - Self.mostChunks + 1)
    }
    events.append(event)
    next.cursor = event.envelope.cursor
    // The chunk first: an index that names a chunk which is not there would lose events, the other way round one comes again.
    try await store.setValue("\(name).\(next.last)", try JSONEncoder().encode(events))
    try await store.setValue(name, try JSONEncoder().encode(next))
    (index, chunk) = (next, events)
    return true
  }

  /// Everything that is kept, in order.
  public func events() async throws -> [LoggedEvent] {
    let index = try await loaded()
    var all: [LoggedEvent] = []
    for number in index.first...index.last { all += try await read(number) }
    // A chunk may hold one event more than its index says, after a crash between the two: it comes again.
    return all.filter { $0.envelope.cursor <= index.cursor }
  }

  /// Forgets everything: the log is another one. Events after `cursor` follow.
  public func startOver(after cursor: Int) async throws {
    let fresh = Index(first: 0, last: 0, cursor: cursor)
    try await store.setValue(name, try JSONEncoder().encode(fresh))
    try await store.setValue("\(name).0", Data("[]".utf8))
    (index, chunk) = (fresh, [])
  }

  private func loaded() async throws -> Index {
    if let index { return index }
    let kept = try await store.value(name).map { try JSONDecoder().decode(Index.self, from: $0) } ?? Index()
    chunk = try await read(kept.last).filter { $0.envelope.cursor <= kept.cursor }
    index = kept
    return kept
  }

  private func read(_ number: Int) async throws -> [LoggedEvent] {
    try await store.value("\(name).\(number)").map { try JSONDecoder().decode([LoggedEvent].self, from: $0) } ?? []
  }
}
