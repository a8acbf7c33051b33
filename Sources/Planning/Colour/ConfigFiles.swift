import Diagnostics

/// The bytes of an OpenColorIO config and of every file it names: what workers need of it.
struct ConfigFiles: Sendable {
  /// By path below the config's folder.
  var files: [String: [UInt8]]
  var config: String
  var isShipped: Bool

  /// Larger configs are refused: they are read for every plan.
  private static let mostBytes = 512 << 20
  private static let mostFiles = 4096

  static let extensions: Set<String> = [
    "3dl", "cc", "ccc", "cdl", "clf", "csp", "ctf", "cub", "cube", "hdl", "itx", "look", "lut", "m3d", "mga",
    "spi1d", "spi3d", "spimtx", "vf",
  ]

  static let shipped = ConfigFiles(
    files: ["config.ocio": PackageResources.aces_ocio], config: "config.ocio", isShipped: true)

  private init(files: [String: [UInt8]], config: String, isShipped: Bool) {
    self.files = files
    self.config = config
    self.isShipped = isShipped
  }

  /// Reads the files of a config beside it; those that are missing are OpenColorIO's to report, where they are needed.
  init?(_ file: InputFile, outline: ConfigOutline, value: PipelineValue, findings: Findings) {
    config = FilePaths.name(of: file.path)
    isShipped = false
    files = [config: file.bytes]
    let folder = FilePaths.folder(of: FilePaths.real(file.path) ?? file.path)
    var bytes = file.bytes.count
    var isWhole = true
    func refuse(_ code: String, _ message: String, _ remedy: String) {
      isWhole = false
      findings.add(value.error(code, message, remedy: remedy))
    }
    func add(_ path: String) {
      guard isWhole, let real = FilePaths.real(path), !FilePaths.isFolder(real) else { return }
      guard FilePaths.lies(path, below: folder), FilePaths.lies(real, below: folder) else {
        refuse(
          "colour.outsideConfig", "the config names \(path), which lies outside of its folder",
          "Put the file below \(folder), so that every machine has it.")
        return
      }
      let name = String(path.dropFirst(folder.count + 1))
      guard files[name] == nil else { return }
      do throws(FileReadError) {
        let read = try FilePaths.read(real, limit: Self.mostBytes)
        bytes += read.count
        files[name] = read
      } catch {
        refuse(
          "colour.unreadable", "cannot read \(name) of the config: \(error.reason)", "Check its permissions.")
      }
      if bytes > Self.mostBytes || files.count > Self.mostFiles {
        refuse(
          "colour.largeConfig", "the files of the config have more than \(Self.mostBytes >> 20) MiB",
          "Take out of it what the programme does not use.")
      }
    }
    let isVariable = { (text: String) in text.contains("$") || text.contains("%") }
    for source in outline.files.sorted() {
      for search in outline.searchPaths {
        if isVariable(source) || isVariable(search) {
          for path in Self.tables(below: folder) { add(path) }
        } else {
          add(FilePaths.resolve(source, from: FilePaths.resolve(search, from: folder)))
        }
      }
    }
    guard isWhole else { return nil }
  }

  /// Every LUT and correction below a folder, for names that depend on context variables.
  private static func tables(below folder: String, depth: Int = 0) -> [String] {
    guard depth < 8 else { return [] }
    return FilePaths.entries(of: folder).filter { !$0.hasPrefix(".") }.flatMap { name -> [String] in
      let path = folder + "/" + name
      if FilePaths.isFolder(path) { return tables(below: path, depth: depth + 1) }
      return extensions.contains(FilePaths.fileExtension(of: name)) ? [path] : []
    }
  }
}
