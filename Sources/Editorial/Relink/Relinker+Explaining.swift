import Diagnostics
import MediaTime

/// Why a file was taken, and why the others were not.
extension Relinker {
  /// Lists the candidates, the chosen one first, then by what speaks for them.
  func describe(
    _ event: inout ConformedEvent, _ candidates: [Candidate], chosen: Candidate?, pool: [Candidate],
    _ request: ClipRequest, isLocked: Bool = false
  ) {
    let needed = request.record.count
    func rank(_ candidate: Candidate) -> (Int, Int, Int, Int64, String) {
      (
        candidate.index == chosen?.index ? 0 : 1, candidate.isUsable ? 0 : candidate.part != nil ? 1 : 2,
        -candidate.score, candidate.missingFrames, media[candidate.index].path
      )
    }
    let sorted = candidates.map { (rank($0), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
    event.moreCandidates = max(0, sorted.count - ConformedEvent.mostCandidates)
    event.candidates = sorted.prefix(ConformedEvent.mostCandidates).map { candidate in
      let handles = candidate.handles(of: request)
      var rules: [String] = []
      for level in candidate.levels {
        let rule = scoring.levels[level].rule.rawValue
        if rules.last != rule { rules.append(rule) }
      }
      return MatchCandidate(
        media: candidate.index, rules: rules, score: candidate.score,
        framesCovered: candidate.isUsable ? needed : candidate.coveredCount, framesNeeded: needed,
        headHandle: handles?.head, tailHandle: handles?.tail, isChosen: candidate.index == chosen?.index,
        verdict: verdict(candidate, chosen: chosen, pool: pool, request, isLocked: isLocked))
    }
  }

  private func verdict(
    _ candidate: Candidate, chosen: Candidate?, pool: [Candidate], _ request: ClipRequest, isLocked: Bool
  ) -> String {
    let reason =
      candidate.levels.first.map { index.reason(request.clip, $0, media: candidate.index) }
      ?? "only the lock names it"
    guard let chosen else {
      return pool.contains { $0.index == candidate.index }
        ? "\(reason); nothing decides between it and the others of its score"
        : "\(reason); it \(candidate.shortcoming)"
    }
    if candidate.index == chosen.index { return "chosen: \(reason)" }
    if !candidate.isUsable, chosen.isUsable || candidate.part == nil {
      return "\(reason); it \(candidate.shortcoming)"
    }
    let facts = (mine: media[candidate.index].facts, chosen: media[chosen.index].facts)
    if facts.mine.identity == facts.chosen.identity {
      return "\(reason); it has the same content as the chosen one"
    }
    if isLocked { return "\(reason); the lock chooses another" }
    if let mine = candidate.levels.first, let theirs = chosen.levels.first, mine > theirs {
      return "\(reason); \(scoring.levels[theirs].name) is trusted more than \(scoring.levels[mine].name)"
    }
    if request.isSound, facts.mine.video != nil, facts.chosen.video == nil {
      return "\(reason); for sound a file without picture is preferred"
    }
    if facts.mine.isRun != facts.chosen.isRun {
      return facts.mine.isRun
        ? "\(reason); the list names no stills, and a movie is preferred"
        : "\(reason); the list names stills, and numbered stills are preferred"
    }
    if candidate.score < chosen.score {
      return "\(reason); its score is \(candidate.score), that of the chosen one \(chosen.score)"
    }
    if candidate.coveredCount < chosen.coveredCount {
      return
        "\(reason); it has \(candidate.coveredCount) of the frames, the chosen one \(chosen.coveredCount)"
    }
    return "\(reason); as good as the chosen one, whose path comes first"
  }

  // MARK: Ambiguity

  func ambiguous(_ pool: [Candidate], _ candidates: [Candidate], _ request: ClipRequest) -> Result {
    let what = ambiguity(pool, request)
    var event = request.event(rule: "none", explanation: what)
    event.key = request.key
    describe(&event, candidates, chosen: nil, pool: pool, request)
    return Result(
      events: [event],
      diagnostics: [
        Diagnostic(
          family: .ambiguous, code: "conform.ambiguous", location: request.clip.location, message: what,
          remedy:
            "Leave the one that is meant in the media folders, name its file in the list (`SOURCE FILE:`), or choose "
            + "it in a lock file."
        )
      ])
  }

  /// The same where the first may be taken.
  func guessed(_ pool: [Candidate], _ request: ClipRequest) -> Diagnostic {
    Diagnostic(
      severity: .warning, family: .ambiguous, code: "conform.ambiguous", location: request.clip.location,
      message: ambiguity(pool, request) + "; the first is taken",
      remedy: "Pin the choice in a lock file, and correct it there.")
  }

  private func ambiguity(_ pool: [Candidate], _ request: ClipRequest) -> String {
    let names = RelinkLock.shortPaths(pool.map { media[$0.index] }, atLeast: 2)
    let paths = names.prefix(5).joined(separator: ", ")
    let more = pool.count > 5 ? " and \(pool.count - 5) more" : ""
    let rule = pool.first?.levels.first.map { scoring.levels[$0].rule.rawValue } ?? "lock"
    return "event \(request.name) needs \(request.sourceText), and \(pool.count) different files match by "
      + "\(rule): \(paths)\(more)"
  }

  // MARK: What is missing

  func missing(_ candidates: [Candidate], _ request: ClipRequest, _ similar: inout [String: String?])
    -> Result
  {
    func result(_ what: String, _ diagnostic: Diagnostic) -> Result {
      var event = request.event(rule: "none", explanation: what)
      event.key = request.key
      describe(&event, candidates, chosen: nil, pool: [], request)
      return Result(events: [event], diagnostics: [diagnostic])
    }
    // A file of another rate is the one that was meant: say that rather than that nothing was found.
    if candidates.allSatisfy({ $0.refusal != nil }), let match = candidates.first, let refusal = match.refusal
    {
      let what = "event \(request.name) is in \(media[match.index].facts.fileName), but \(refusal.message)"
      return result(
        what,
        Diagnostic(
          family: .usage, code: refusal.code, location: request.clip.location, message: what,
          remedy: refusal.remedy))
    }
    var what = "event \(request.name) needs \(request.sourceText), which no media covers"
    let near = candidates.sorted { $0.missingFrames < $1.missingFrames }.prefix(3).map { candidate in
      let reason = candidate.levels.first.map { index.reason(request.clip, $0, media: candidate.index) } ?? ""
      return "\(media[candidate.index].facts.fileName) (\(reason)) \(candidate.shortcoming)"
    }
    if !near.isEmpty { what += "; " + near.joined(separator: "; ") }
    var remedy = "Add the media to the media folders."
    if near.isEmpty, let reel = request.clip.sourceReel, let known = nearestReel(reel, &similar) {
      if known.lowercased() == reel.lowercased() {
        what += "; the files of that reel have no \(request.isSound ? "sound" : "picture")"
      } else {
        remedy = "Add the media, or correct the source reel: did you mean `\(known)`?"
      }
    } else if !near.isEmpty {
      remedy = "Add the rest of the source, or correct the event."
    }
    let location = request.clip.location
    if settings.missing != .fail {
      var replaced = replaced(request, what, policy: settings.missing)
      describe(&replaced.events[0], candidates, chosen: nil, pool: [], request)
      return replaced
    }
    return result(
      what,
      Diagnostic(
        family: .inputMissing, code: "conform.missingMedia", location: location, message: what, remedy: remedy
      ))
  }

  /// Looked up once for each reel: every event of a missing roll asks for it.
  private func nearestReel(_ reel: String, _ similar: inout [String: String?]) -> String? {
    if let known = similar[reel] { return known }
    let found = similar.count < 200 ? nearest(reel, among: index.reels) : nil
    similar[reel] = .some(found)
    return found
  }
}

extension TrustLevel {
  /// For people.
  var name: String {
    guard rule == .fileNameAndTimecode else { return rule.rawValue }
    return isTight ? "file name with extension+timecode" : "file name without extension+timecode"
  }
}
