// Example app: parsed by the compiler on Linux, built by nobody yet; everything but the views is in DaylongKit and tested there.
import DaylongKit
import SwiftUI

struct PairView: View {
  let computers: Computers
  @State private var link = ""
  @State private var isPairing = false

  var body: some View {
    Form {
      Section {
        Text("On your computer, run `daylong pair`, then point the camera at the code. Or paste the link here.")
        TextField("https://…/#pair=…", text: $link)
          .textInputAutocapitalization(.never)
          .autocorrectionDisabled()
          .keyboardType(.URL)
      }
      if let fault = computers.fault {
        Text(fault).foregroundStyle(.red)
      }
      Button("Pair") {
        isPairing = true
        Task {
          await computers.pair(link)
          isPairing = false
        }
      }
      .disabled(link.isEmpty || isPairing)
    }
    .navigationTitle("Daylong")
  }
}
