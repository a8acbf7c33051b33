/// What a column of a log is about, whatever it is called.
enum LogColumn: Hashable, CaseIterable {
  case name, reel, start, end, duration, sourceFile, path, umid, scene, take, cameraRoll, soundRoll
  case rate, slopeOffsetPower, saturation, grade

  /// Names in order of trust: of several columns of one meaning the first that is filled counts.
  ///
  /// Written as `key(of:)` leaves them. Avid, Silverstack, Resolve, Sound Devices and Zaxcom reports use these.
  var names: [String] {
    switch self {
    case .name: ["name", "clipname", "clip", "title"]
    case .reel: ["tape", "tapename", "tapeid", "reel", "reelname", "reelnumber", "reelid"]
    case .start:
      [
        "start", "starttc", "starttimecode", "timecodein", "tcin", "tcstart", "timecodestart", "timecode",
        "in",
      ]
    case .end: ["end", "endtc", "endtimecode", "timecodeout", "tcout", "tcend", "timecodeend", "out"]
    case .duration: ["duration", "durationtc", "length", "lengthtc"]
    case .sourceFile: ["sourcefile", "sourcefilename", "filename", "file", "wavename"]
    case .path: ["uncpath", "unc", "sourcepath", "filepath", "path", "clipdirectory", "folder", "directory"]
    case .umid: ["umid", "materialumid", "sourceumid", "filepackageumid", "mobid"]
    case .scene: ["scene"]
    case .take: ["take", "takenumber"]
    case .cameraRoll: ["camroll", "cameraroll", "roll", "magazine"]
    case .soundRoll: ["soundroll", "soundrollname", "audioroll"]
    case .rate: ["fps", "framerate", "tcfps", "timecoderate", "tcframerate", "fr", "tcrate"]
    case .slopeOffsetPower: ["ascsop", "sop"]
    case .saturation: ["ascsat", "sat"]
    case .grade: ["cdl", "asccdl"]
    }
  }

  /// Letters and digits only, in lower case: `Reel #`, `reel` and `REEL` are one column.
  static func key(of name: String) -> String {
    String(name.lowercased().filter { $0.isLetter || $0.isNumber })
  }

  private static let byKey: [String: (column: LogColumn, rank: Int)] = {
    var table: [String: (LogColumn, Int)] = [:]
    for column in allCases {
      for (rank, name) in column.names.enumerated() { table[name] = (column, rank) }
    }
    return table
  }()

  /// The meaning of a column's name, and how much it is trusted: 0 most.
  static func meaning(of name: String) -> (column: LogColumn, rank: Int)? { byKey[key(of: name)] }
}
