// Example app: parsed by the compiler on Linux, built by nobody yet; everything but the views is in DaylongKit and tested there.
import BackgroundTasks
import DaylongKit
import SwiftUI

@main
struct ExampleApp: App {
  @UIApplicationDelegateAdaptor(NotificationDelegate.self) private var delegate
  @Environment(\.scenePhase) private var phase
  @State private var computers = Computers()

  var body: some Scene {
    WindowGroup {
      NavigationStack {
        if let host = computers.current {
          SessionListView(host: host)
        } else {
          PairView(computers: computers)
        }
      }
      .task {
        await computers.load()
        delegate.computers = computers
      }
      .onOpenURL { link in Task { await computers.pair(link.absoluteString) } }
    }
    .backgroundTask(.appRefresh("keep-alive")) { await computers.keepAlive() }
    .onChange(of: phase) { _, phase in
      if phase == .background { Computers.planKeepAlive() }
      guard phase != .inactive, let host = computers.current else { return }
      Task { await host.setPresence(foreground: phase == .active) }
    }
  }
}

/// The paired computers of this phone; one of them is shown.
@MainActor @Observable
final class Computers {
  private(set) var current: HostModel?
  private(set) var fault: String?

  private let store = FileStore(folder: .applicationSupportDirectory.appending(path: "daylong"))
  private let transport = URLSessionTransport()
  private let hosts: HostStore

  init() {
    hosts = HostStore(store: store, secrets: KeychainSecrets())
  }

  func load() async {
    guard current == nil, let host = try? await hosts.all().first else { return }
    await show(host)
  }

  /// `text`: what the QR holds, or a link that was opened.
  func pair(_ text: String) async {
    do {
      let link = try PairingLink(text)
      let paired = try await RestClient.pair(link, deviceName: UIDevice.current.name, transport: transport)
      try await hosts.add(paired.host, token: paired.token)
      fault = nil
      await show(paired.host)
    } catch let problem as ServerProblem {
      fault = problem.detail
    } catch {
      fault = "This is no pairing link, or the computer cannot be reached: \(error.localizedDescription)"
    }
  }

  /// iOS wakes the app for this at most every half hour, and less often when it is seldom opened.
  static func planKeepAlive() {
    let request = BGAppRefreshTaskRequest(identifier: "keep-alive")
    request.earliestBeginDate = .now + KeepAlivePlan.checkEverySeconds
    try? BGTaskScheduler.shared.submit(request)
  }

  func keepAlive() async {
    Self.planKeepAlive()
    await load()
    guard let model = current else { return }
    let kept = Set(UserDefaults.standard.stringArray(forKey: "kept-alive") ?? [])
    guard let report = try? await KeepAliveService(rest: { await model.rest() }).check(autoExtend: kept) else { return }
    for notification in report.notifications { await NotificationDelegate.plan(notification) }
  }

  private func show(_ host: PairedHost) async {
    guard let token = try? await hosts.token(of: host.id) else { return }
    let hosts = hosts
    let model = HostModel(host: host, token: token, transport: transport, store: store) { address in
      try? await hosts.prefer(address, of: host.id)
    }
    current = model
    await model.start()
    await NotificationDelegate.register()
  }
}
