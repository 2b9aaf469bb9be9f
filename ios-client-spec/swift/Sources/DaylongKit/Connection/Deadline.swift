import Foundation

/// Runs `work` for at most so many seconds, then throws `TransportError.timedOut`. Work that does not heed its cancellation is left
/// to itself: nobody waits for it.
func within<Value: Sendable>(_ seconds: Double, _ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
  let race = Race<Value>()
  return try await withTaskCancellationHandler {
    try await withCheckedThrowingContinuation { continuation in
      race.begin(continuation)
      race.add(
        Task {
          do { race.finish(.success(try await work())) } catch { race.finish(.failure(error)) }
        })
      race.add(
        Task {
          try? await Task.sleep(for: .seconds(seconds))
          race.finish(.failure(TransportError.timedOut))
        })
    }
  } onCancel: {
    race.finish(.failure(CancellationError()))
  }
}

/// The first to finish is heard; the others are cancelled.
private final class Race<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var continuation: CheckedContinuation<Value, any Error>?
  private var tasks: [Task<Void, Never>] = []
  private var early: Result<Value, any Error>?
  private var isOver = false

  func begin(_ continuation: CheckedContinuation<Value, any Error>) {
    let ready = lock.withLock { () -> Result<Value, any Error>? in
      if early == nil { self.continuation = continuation }
      return early
    }
    if let ready { continuation.resume(with: ready) }
  }

  func add(_ task: Task<Void, Never>) {
    let isLate = lock.withLock { () -> Bool in
      if !isOver { tasks.append(task) }
      return isOver
    }
    if isLate { task.cancel() }
  }

  func finish(_ result: Result<Value, any Error>) {
    let (waiting, losers) = lock.withLock { () -> (CheckedContinuation<Value, any Error>?, [Task<Void, Never>]) in
      guard !isOver else { return (nil, []) }
      isOver = true
      let waiting = continuation
      if waiting == nil { early = result }
      continuation = nil
      defer { tasks = [] }
      return (waiting, tasks)
    }
    waiting?.resume(with: result)
    for task in losers { task.cancel() }
  }
}
