import Planning

/// Where a cut is dropped: for a new cut of a programme, or for a report alone. A script sends the file; without it the
/// page says how to do the same in a shell.
struct DropForm {
  private let facts: ConformFacts
  private let programme: String?
  private let token: String

  /// - Parameter programme: the only one that is offered; nil for all.
  init(_ facts: ConformFacts, programme: String?, token: String) {
    (self.facts, self.programme, self.token) = (facts, programme, token)
  }

  private struct Purpose {
    var value: String
    var words: String
  }

  private var purposes: [Purpose] {
    let programmes = facts.programmes.filter { programme == nil || $0.name == programme }
    var purposes: [Purpose] = []
    for programme in programmes {
      purposes.append(Purpose(value: "run:\(programme.name)", words: "New cut of \(programme.name): run it"))
      if programme.pipeline.conformStage != nil {
        purposes.append(
          Purpose(value: "conform:\(programme.name)", words: "New cut of \(programme.name): conform only"))
      }
    }
    for programme in programmes {
      purposes.append(
        Purpose(
          value: "report:\(programme.name)", words: "Report only, against the media of \(programme.name)"))
    }
    if programme == nil {
      for folder in facts.folders {
        purposes.append(
          Purpose(value: "folder:\(folder.typed)", words: "Report only, against \(folder.typed)"))
      }
    }
    return purposes
  }

  private var names: String { CutFileName.extensions.sorted().map { ".\($0)" }.joined(separator: ",") }

  var html: HTML {
    let purposes = purposes
    guard !purposes.isEmpty else {
      return """
        <p class="notice">There is nothing to conform a cut against: name pipelines, or folders with \
        <span class="mono">--media</span>, to <span class="mono">interlock serve</span>.</p>
        """
    }
    let options = purposes.map { HTML("<option value=\"\($0.value)\">\($0.words)</option>") }
    return """
      <form class="drop" id="drop" data-token="\(token)">
      <h2>New cut</h2>
      <noscript><p class="notice warn">Without scripts a cut cannot be sent from here. In a shell: \
      <span class="mono">interlock run PIPELINE --set timeline.cut=CUT</span></p></noscript>
      <div class="zone"><label for="cut">Drop a cut here, or choose one: EDL, OTIO, XML, FCPXML, AAF</label>\
      <input type="file" id="cut" name="cut" accept="\(names)" required></div>
      <div class="fields">
      <div class="field"><label for="purpose">What is it for</label><select id="purpose" name="purpose">\(options)</select></div>
      <details><summary>For a report only</summary><div class="fields">
      <div class="field"><label for="rate">Frame rate, where the cut does not say it</label>\
      <input id="rate" name="rate" placeholder="24000/1001" maxlength="20" autocomplete="off"></div>
      <div class="field"><label for="handles">Handles wanted, frames</label>\
      <input id="handles" name="handles" type="number" min="0" max="1000" autocomplete="off"></div>
      <div class="field"><label for="reference">Offline movie to compare with, a path inside the media folders</label>\
      <input id="reference" name="reference" maxlength="400" autocomplete="off"></div>
      </div></details>
      </div>
      <div class="buttons"><button class="key" type="submit">Start</button></div>
      <div id="drop-state" role="status"></div>
      </form>
      """
  }
}
