import Farm
import Foundation
import TestSupport
import Testing

/// OpenCue's own library writes a job of the same layers: our specification has the same elements in the same order.
@Suite struct `OpenCue's own outline` {
  static let python: String? = {
    let path = Repository.root + "/.build/opencue/bin/python"
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }()

  @Test(
    .enabled(
      if: python != nil, "OpenCue's library is not installed in .build/opencue; `make test` installs it"))
  func `layers, limits and dependencies are written as pyoutline writes them`() throws {
    let python = try #require(Self.python)
    let folder = try TemporaryFolder()
    let spec = try #require(
      OpenCueSpec(show: "film", shot: "all", user: "ada").files(of: SampleJob.job()).first)
    let written = try Programs.run(
      python, ["-c", Self.script], folder: folder.path, environment: ["HOME": folder.path],
      input: Data(spec.text.utf8))
    #expect(written.status == 0, "\(written.errors)")
    let lines = written.text.split(separator: "\n")
    try #require(lines.count == 2)
    #expect(lines[0] == lines[1])
    // Layers with all that they ask for, and who waits for whom.
    #expect(
      lines[0].contains(#"["cores", "4.0"], ["threadable", "True"], ["memory", "2048m"], ["timeout", "10"]"#))
    #expect(lines[0].contains(#"["limits", ["nuke"]]"#))
    #expect(lines[0].contains(#"["publish_master", "assemble_master", "LAYER_ON_LAYER", "False""#))
  }

  @Test(
    .enabled(
      if: python != nil, "OpenCue's library is not installed in .build/opencue; `make test` installs it"))
  func `the job is handed in as it is, by the library itself`() throws {
    let python = try #require(Self.python)
    let folder = try TemporaryFolder()
    let job = folder.path + "/a job"
    try JobBundle(SampleJob.job(), format: OpenCueSpec(show: "film", shot: "all", user: "ada")).write(to: job)
    let handed = try Programs.run(
      python, ["-c", Self.cuebot, job + "/submit.sh", job + "/opencue.xml"],
      environment: ["HOME": folder.path])
    #expect(
      handed.text == "[0, \"job film-all-ada_short_film\\n\", true]\n", "\(handed.text) \(handed.errors)")
  }

  /// The farm's side of the library's protocol, and what came there.
  private static let cuebot = """
    import json, os, subprocess, sys
    from concurrent import futures
    import grpc
    from opencue_proto import cue_pb2, cue_pb2_grpc, job_pb2, job_pb2_grpc

    specs = []
    class Cuebot(job_pb2_grpc.JobInterfaceServicer):
        def LaunchSpecAndWait(self, request, context):
            specs.append(request.spec)
            job = job_pb2.Job(id="1", name="film-all-ada_short_film")
            return job_pb2.JobLaunchSpecAndWaitResponse(jobs=job_pb2.JobSeq(jobs=[job]))

    class Cue(cue_pb2_grpc.CueInterfaceServicer):
        # Asked by the library before anything else, to see whether somebody is there.
        def GetSystemStats(self, request, context):
            return cue_pb2.CueGetSystemStatsResponse()

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
    job_pb2_grpc.add_JobInterfaceServicer_to_server(Cuebot(), server)
    cue_pb2_grpc.add_CueInterfaceServicer_to_server(Cue(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    ended = subprocess.run([sys.argv[1]], capture_output=True, text=True,
        env=dict(os.environ, PYTHON=sys.executable, CUEBOT_HOSTS=f"127.0.0.1:{port}"))
    sys.stderr.write(ended.stderr)
    print(json.dumps([ended.returncode, ended.stdout, specs == [open(sys.argv[2]).read()]]))
    server.stop(None)
    """

  /// Reads our specification, has the library make an outline of the same layers, and prints both as lists.
  private static let script = """
    import json, sys
    import xml.etree.ElementTree as tree
    import outline, outline.cuerun
    import outline.backend.cue as backend
    from outline.modules.shell import Shell

    ours = tree.fromstring(sys.stdin.read())
    job = ours.find("job")
    film = outline.Outline(
        job.get("name"), show=ours.findtext("show"), shot=ours.findtext("shot"), user=ours.findtext("user"))
    made = {}
    for layer in job.find("layers"):
        words = {
            "command": layer.findtext("cmd"), "range": layer.findtext("range"), "chunk": int(layer.findtext("chunk")),
            "cores": float(layer.findtext("cores")), "threadable": layer.findtext("threadable") == "True",
            "memory": layer.findtext("memory"), "type": layer.get("type"),
            "service": layer.findtext("services/service"),
        }
        if layer.find("timeout") is not None: words["timeout"] = int(layer.findtext("timeout"))
        if layer.find("limits") is not None: words["limits"] = [limit.text for limit in layer.find("limits")]
        made[layer.get("name")] = Shell(layer.get("name"), **words)
        film.add_layer(made[layer.get("name")])
    for depend in ours.find("depends"):
        made[depend.findtext("deplayer")].depend_on(
            made[depend.findtext("onlayer")], outline.depend.DependType.LayerOnLayer)
    launcher = outline.cuerun.OutlineLauncher(
        film, user=ours.findtext("user"), show=ours.findtext("show"), shot=ours.findtext("shot"),
        facility=ours.findtext("facility"), maxretries=int(job.findtext("maxretries")))

    def plain(spec):
        # What the library always writes and a specification may leave out.
        optional = {"email", "uid", "priority", "env", "outputs", "layers"}
        def fields(element):
            return [[child.tag, [part.text for part in child] or child.text]
                for child in element if child.tag not in optional and child.tag not in ("job", "depends")]
        job = spec.find("job")
        return [fields(spec), [child.tag for child in spec if child.tag not in optional], job.get("name"), fields(job),
            [[layer.get("name"), layer.get("type"), fields(layer)] for layer in job.find("layers")],
            sorted([depend.findtext("deplayer"), depend.findtext("onlayer"), depend.get("type"),
                depend.get("anyframe"), depend.findtext("depjob"), depend.findtext("onjob")]
                for depend in spec.find("depends"))]

    print(json.dumps(plain(ours)))
    print(json.dumps(plain(tree.fromstring(backend.serialize_simple(launcher)))))
    """
}
