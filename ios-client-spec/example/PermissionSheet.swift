// Example app: parsed by the compiler on Linux, built by nobody yet; everything but the views is in DaylongKit and tested there.
import DaylongKit
import SwiftUI

struct PermissionSheet: View {
  let host: HostModel
  let permission: API.Permission
  @State private var words = ""
  @State private var answers: [String: String] = [:]
  @State private var hasSeenAll = false

  var body: some View {
    NavigationStack {
      Form {
        if let agent = permission.agent { LabeledContent("Asked by", value: agent.description ?? agent.type ?? agent.agentId) }
        switch permission.kind {
        case .question: questions
        case .plan: Text(LocalizedStringKey(permission.plan ?? ""))
        default: input
        }
        LabeledContent("Open until") {
          Text(Date(timeIntervalSince1970: Double(permission.expiresAt) / 1000), style: .time)
        }
        Section {
          if permission.kind != .question {
            ForEach(permission.scopes, id: \.self) { scope in
              Button(title(of: scope)) { answer(.init(decision: .allow, scope: .init(rawValue: scope.rawValue))) }
                .disabled(permission.lookFirst && !hasSeenAll)
            }
          } else {
            Button("Answer") { answer(.init(decision: .allow, answers: answers.mapValues(JSONValue.string))) }
              .disabled(answers.count < (permission.questions?.count ?? 0))
          }
          TextField("A word to Claude", text: $words)
          Button("Deny", role: .destructive) { answer(.init(decision: .deny, message: words.isEmpty ? nil : words)) }
        }
      }
      .navigationTitle(permission.toolName)
    }
    .presentationDetents([.medium, .large])
    .interactiveDismissDisabled()
  }

  /// The whole of what will run, never a summary; the last line tells that all of it was on the screen.
  @ViewBuilder private var input: some View {
    ForEach(permission.input.keys.sorted(), id: \.self) { name in
      LabeledContent(name) { Text(permission.input[name]?.text ?? "").font(.callout.monospaced()).textSelection(.enabled) }
    }
    Color.clear.frame(height: 1).onAppear { hasSeenAll = true }
  }

  @ViewBuilder private var questions: some View {
    ForEach(Array((permission.questions ?? []).enumerated()), id: \.offset) { _, question in
      if let text = question["question"]?.string {
        TextField(text, text: Binding(get: { answers[text] ?? "" }, set: { answers[text] = $0 }), axis: .vertical)
      }
    }
  }

  private func title(of scope: API.Permission.Scope) -> String {
    switch scope {
    case .once: "Allow once"
    case .session: "Allow for this session"
    case .always: "Always allow"
    case .unknown(let word): word
    }
  }

  private func answer(_ answer: API.PostPermissionsByPermissionIdRequest) {
    Task { await host.answer(permission.permissionId, answer) }
  }
}
