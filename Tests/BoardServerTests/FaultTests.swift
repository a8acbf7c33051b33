import BoardServer
import Diagnostics
import Testing

@Suite struct `Errors as answers` {
  private struct Other: Error {}

  private func diagnostic(_ family: Diagnostic.Family) -> Diagnostic {
    Diagnostic(family: family, code: "x.y", message: "there is none", remedy: "Make one.")
  }

  @Test(arguments: [
    (Diagnostic.Family.usage, 404), (.inputMissing, 404), (.ambiguous, 404), (.verification, 409),
    (.transient, 503), (.failed, 500),
  ])
  func `a diagnostic is told, alone and among others`(family: Diagnostic.Family, status: Int) {
    for error in [diagnostic(family), DiagnosticList([diagnostic(family)])] as [any Error] {
      let fault = Fault(error)
      #expect(fault.statusCode == status)
      #expect((fault.code, fault.message, fault.remedy) == ("x.y", "there is none", "Make one."))
    }
  }

  @Test func `what nobody knows is told too`() {
    #expect(Fault(Other()).statusCode == 500)
    #expect(Fault(DiagnosticList([])).statusCode == 500)
    #expect(Fault(Doorkeeper.Refusal.wrongName).statusCode == 421)
    #expect(Fault(Doorkeeper.Refusal.noKey).statusCode == 401)
  }
}
