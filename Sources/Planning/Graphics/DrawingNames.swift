import ImageGraph
import TaskKinds

extension KeyNames {
  /// What the pictures of typeset texts show.
  func note(_ typeset: [TypesetTask.Typeset], of requests: [TypesetTask.Request]) {
    for (request, drawn) in zip(requests, typeset) {
      for picture in drawn.pictures { note(drawing: picture.image.object, words: request.words) }
    }
  }
}
