// Example app: parsed by the compiler on Linux, built by nobody yet; everything but the views is in DaylongKit and tested there.
import DaylongKit
import SwiftUI

struct SessionListView: View {
  let host: HostModel
  @State private var isBeginning = false

  var body: some View {
    List(host.sessions, id: \.sessionId) { session in
      NavigationLink(value: session.sessionId) { SessionRow(session: session) }
        .swipeActions {
          Button("Keep alive") { Task { await host.status(of: session.sessionId)?.keepAlive() } }.tint(.green)
        }
    }
    .overlay {
      if host.sessions.isEmpty {
        ContentUnavailableView("No sessions yet", systemImage: "bubble.left", description: Text("Begin one with the pencil."))
      }
    }
    .navigationTitle(host.host.name)
    .navigationDestination(for: String.self) { ChatView(host: host, sessionId: $0) }
    .refreshable { await host.refresh() }
    .safeAreaInset(edge: .top) { ConnectionBanner(state: host.connection, fault: host.fault) }
    .toolbar {
      Button("New session", systemImage: "square.and.pencil") { isBeginning = true }
    }
    .sheet(isPresented: $isBeginning) { NewSessionView(host: host) }
  }
}

private struct SessionRow: View {
  let session: API.Session

  var body: some View {
    let status = SessionStatusView(session, now: Int(Date.now.timeIntervalSince1970 * 1000))
    HStack(alignment: .top) {
      LeaseRing(fraction: status.fractionLeft, isUrgent: status.lease != .fresh)
      VStack(alignment: .leading) {
        Text(session.title).font(.headline).lineLimit(1)
        Text(status.activity).font(.caption).foregroundStyle(HostModel.need(session) == 0 ? .orange : .secondary)
        if let words = session.lastText { Text(words).font(.subheadline).lineLimit(2) }
      }
      Spacer()
      if session.unread > 0 { Text("\(session.unread)").font(.caption.bold()).accessibilityLabel("\(session.unread) unread") }
    }
    .accessibilityElement(children: .combine)
  }
}

struct ConnectionBanner: View {
  let state: ConnectionState
  let fault: String?

  var body: some View {
    if let words { Text(words).font(.footnote).padding(8).frame(maxWidth: .infinity).background(.thinMaterial) }
  }

  private var words: String? {
    switch state {
    case .connected: fault
    case .connecting: "Connecting …"
    case .reconnecting(let detail, let pause): "\(detail) Trying again in \(Int(pause.rounded())) s. What you write is kept."
    case .unauthorized(let detail): "\(detail) Pair again to go on."
    case .stopped: nil
    }
  }
}

private struct NewSessionView: View {
  let host: HostModel
  @Environment(\.dismiss) private var dismiss
  @State private var project = ""
  @State private var words = ""
  @State private var projects: [String] = []

  var body: some View {
    NavigationStack {
      Form {
        Picker("Project", selection: $project) { ForEach(projects, id: \.self) { Text($0).tag($0) } }
        TextField("What should Claude do?", text: $words, axis: .vertical).lineLimit(3...10)
      }
      .navigationTitle("New session")
      .toolbar {
        Button("Begin") {
          Task { await host.begin(words, in: project) }
          dismiss()
        }
        .disabled(project.isEmpty || words.isEmpty)
      }
      .task {
        let answer: API.GetProjectsResponse? = try? await host.rest().get("/api/projects")
        projects = answer?.projects.map(\.path) ?? []
        project = projects.first ?? ""
      }
    }
  }
}
