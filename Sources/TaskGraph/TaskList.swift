/// Task files of one shape in one file, numbered from 1: what a farm gives out in numbers, as frames of a layer, elements
/// of an array or chunks of a step.
///
/// A worker takes it in place of a task file, with the numbers it is to do. The list is also the declaration by which a
/// number in the environment of a farm means tasks; without one such a number means nothing.
package struct TaskList: Codable, Sendable {
  /// Which tasks a number in the environment means.
  package struct Numbering: Codable, Hashable, Sendable {
    /// E.g. `SLURM_ARRAY_TASK_ID`.
    package var variable: String
    /// Number n stands for tasks (n − 1) × size + 1 … n × size.
    package var size: Int

    package init(variable: String, size: Int) {
      self.variable = variable
      self.size = size
    }
  }

  package var schema: Int
  /// `tasks`: tells a list from a task file.
  package var list: String
  package var name: String
  package var numbering: Numbering?
  /// Task files, relative to the folder of the list.
  package var tasks: [String]

  package init(name: String, numbering: Numbering? = nil, tasks: [String]) {
    schema = taskFileSchema
    list = Self.mark
    self.name = name
    self.numbering = numbering
    self.tasks = tasks
  }

  package static let mark = "tasks"

  /// The numbers that a farm has put into the environment; nil where it has not, or the list does not say what they mean.
  package func numbers(in environment: [String: String]) -> NumberRanges? {
    guard let numbering, numbering.size > 0,
      let number = environment[numbering.variable].flatMap({ Int($0) }),
      number > 0, number <= Int.max / numbering.size
    else { return nil }
    return NumberRanges((number - 1) * numbering.size + 1...number * numbering.size)
  }
}
