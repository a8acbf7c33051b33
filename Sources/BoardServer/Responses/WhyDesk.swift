import Board
import Diagnostics
import ServiceLifecycle
import Synchronization

/// Why tasks ran: found out by `interlock why` in a process of its own, one at a time, for it compares the plans of all
/// earlier runs. The answers do not change any more.
package final class WhyDesk: Service {
  /// The causes of a task of a run, in sentences.
  package typealias Explainer = @Sendable (_ key: String, _ run: String) async throws -> [String]

  private struct Question: Hashable {
    var key: String
    var run: String
  }

  private let explainer: Explainer
  private let onNews: @Sendable () -> Void
  private let answers = Mutex<[Question: TaskCauses]>([:])
  private let questions: AsyncStream<Question>
  private let asking: AsyncStream<Question>.Continuation

  private static let mostKept = 500
  /// Of more questions the oldest are dropped, to be asked again.
  private static let mostWaiting = 16

  /// - Parameter onNews: called when there is an answer.
  init(_ explainer: @escaping Explainer, onNews: @escaping @Sendable () -> Void) {
    (self.explainer, self.onNews) = (explainer, onNews)
    (questions, asking) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.mostWaiting))
  }

  /// What is known now; what is not is being found out from then on.
  func causes(of key: String, in run: String) -> TaskCauses {
    let question = Question(key: key, run: run)
    let known = answers.withLock { answers -> TaskCauses? in
      if let known = answers[question] { return known }
      if answers.count >= Self.mostKept { answers = [:] }
      answers[question] = .asked
      return nil
    }
    if let known { return known }
    if case .dropped(let other) = asking.yield(question) { answers.withLock { $0[other] = nil } }
    return .asked
  }

  package func run() async throws {
    for await question in questions.cancelOnGracefulShutdown() {
      let answer: TaskCauses
      do {
        answer = .known(try await explainer(question.key, question.run))
      } catch is CancellationError {
        throw CancellationError()
      } catch let fault as Diagnostic {
        answer = .unknown(fault.message)
      } catch {
        answer = .unknown("\(error)")
      }
      answers.withLock { $0[question] = answer }
      onNews()
    }
  }
}
