// Example app: parsed by the compiler on Linux, built by nobody yet; everything but the views is in DaylongKit and tested there.
import DaylongKit
import SwiftUI

struct ChatView: View {
  let host: HostModel
  let sessionId: String
  @State private var draft = ""

  var body: some View {
    let transcript = host.transcript(of: sessionId)
    ScrollView {
      LazyVStack(alignment: .leading, spacing: 12) {
        ForEach(transcript.state.items) { ItemView(item: $0) }
      }
      .padding()
    }
    .defaultScrollAnchor(.bottom)
    .safeAreaInset(edge: .top) {
      VStack(spacing: 0) {
        ConnectionBanner(state: host.connection, fault: host.fault)
        if let status = host.status(of: sessionId) { StatusBar(status: status) }
      }
    }
    .safeAreaInset(edge: .bottom) { composer }
    .navigationTitle(host.status(of: sessionId)?.session.title ?? "Session")
    .navigationBarTitleDisplayMode(.inline)
    .sheet(item: firstCard) { PermissionSheet(host: host, permission: $0.permission) }
    .task {
      await host.setPresence(foreground: true, sessionId: sessionId)
      await host.loadEarlier(sessionId)
    }
    .refreshable { await host.loadEarlier(sessionId) }
    .onDisappear { Task { await host.setPresence(foreground: true) } }
  }

  private var composer: some View {
    HStack(alignment: .bottom) {
      TextField("Message", text: $draft, axis: .vertical).lineLimit(1...6).textFieldStyle(.roundedBorder)
      if host.status(of: sessionId)?.session.state == .busy {
        Button("Stop", systemImage: "stop.circle") { Task { await host.interrupt(sessionId) } }.labelStyle(.iconOnly)
      }
      Button("Send", systemImage: "arrow.up.circle.fill") {
        let words = draft
        draft = ""
        Task { await host.send(words, to: sessionId) }
      }
      .labelStyle(.iconOnly)
      .disabled(draft.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty)
    }
    .padding(8)
    .background(.bar)
  }

  /// The sheet follows the model: it goes when the permission is resolved elsewhere.
  private var firstCard: Binding<Card?> {
    Binding(
      get: { host.openPermissions(of: sessionId).first.map(Card.init) },
      set: { _ in })
  }
}

private struct Card: Identifiable {
  let permission: API.Permission
  var id: String { permission.permissionId }
}

private struct ItemView: View {
  let item: TranscriptItem

  var body: some View {
    switch item.kind {
    case .user(let text, let delivery):
      VStack(alignment: .trailing) {
        Text(text).padding(10).background(.tint.opacity(0.15), in: .rect(cornerRadius: 14))
        if let words = words(of: delivery) { Text(words).font(.caption2).foregroundStyle(.secondary) }
      }
      .frame(maxWidth: .infinity, alignment: .trailing)
    case .assistant(let text, let isStreaming, let isPartial):
      VStack(alignment: .leading) {
        Text(LocalizedStringKey(text)).textSelection(.enabled)
        if isStreaming { ProgressView().controlSize(.mini) }
        if isPartial { Text("Stopped here").font(.caption2).foregroundStyle(.secondary) }
      }
    case .tool(_, let title, let agent, let result):
      Label(agent.map { "\($0): \(title)" } ?? title, systemImage: symbol(of: result)).font(.footnote.monospaced()).lineLimit(2)
    case .subagent(let name, let text):
      DisclosureGroup(name) { Text(text).font(.footnote) }
    case .failure(_, let detail):
      Label(detail, systemImage: "exclamationmark.triangle").foregroundStyle(.red)
    case .notice(let text):
      Text(text).font(.footnote).foregroundStyle(.secondary).frame(maxWidth: .infinity)
    }
  }

  private func words(of delivery: TranscriptItem.Delivery) -> String? {
    switch delivery {
    case .unsent: "Waits for the connection"
    case .queued(let position): "Number \(position) in the queue"
    case .refused(let detail): detail
    case .sent, .running, .ended: nil
    }
  }

  private func symbol(of result: TranscriptItem.ToolResult) -> String {
    switch result {
    case .running: "gearshape"
    case .done: "checkmark"
    case .failed: "xmark"
    }
  }
}
