# make run    install what is missing, build, run the main job on SampleMedia into Output, show the result
# make test   install what is missing, build, run every test
# make bench  measure, and print ratios
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.PHONY: run test bench install build lint

# What the build needs; then what only tests and benchmarks need.
RUN_PACKAGES := pkg-config libavformat-dev libavcodec-dev libavfilter-dev libswscale-dev libswresample-dev \
	libavutil-dev libsqlite3-dev libebur128-dev libopencolorio-dev libpango1.0-dev fonts-noto-core fonts-noto-cjk
TEST_PACKAGES := chromium ffmpeg python3 python3-venv python3-jsonschema python3-prometheus-client \
	qemu-user ninja-build time procps util-linux coreutils slurmctld slurmd slurm-client munge environment-modules

INTERLOCK := .build/release/interlock

define install_packages
missing=(); \
for package in $(1); do \
  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing+=($$package); \
done; \
if [ $${#missing[@]} -gt 0 ]; then \
  echo "Installing $${missing[*]}"; \
  as_root=; [ $$(id -u) -eq 0 ] || as_root=sudo; \
  $$as_root apt-get update -qq; \
  DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -y -qq --no-install-recommends $${missing[@]} >/dev/null; \
fi
endef

install:
	@$(call install_packages,$(RUN_PACKAGES))

# Programs and libraries that Debian does not have, each in an environment of its own: cuts are converted by
# OpenTimelineIO, exported jobs are checked and run by Open Job Description's command line, or compared with what
# OpenCue's library writes.
OTIO_PACKAGES := OpenTimelineIO==0.18.1 otio-aaf-adapter==2.0.0 otio-xges-adapter==1.0.0 pyaaf2==1.7.1
OPENJD_PACKAGES := openjd-cli==0.8.0
OPENCUE_PACKAGES := opencue_pyoutline==1.37.0 packaging==24.2

# The colour of LUTs and corrections is compared with another release of OpenColorIO.
OCIO_PACKAGES := opencolorio==2.6.0

# The board's interface is tried with Schemathesis, its pages with axe-core, which comes in a wheel.
SCHEMATHESIS_PACKAGES := schemathesis==4.32.5
AXE_PACKAGES := axe-playwright-python==0.1.8 --no-deps

PYTHONS := .build/otio/bin/otioconvert .build/openjd/bin/openjd .build/opencue/bin/python .build/ocio/bin/python \
	.build/schemathesis/bin/schemathesis .build/axe/bin/python

install-tests: install $(PYTHONS)
	@$(call install_packages,$(TEST_PACKAGES))

# Folder, packages, what is skipped without them. Without the network the tests that need them say so and are skipped.
define install_python
@$(call install_packages,python3 python3-venv)
@mkdir -p .build; \
if python3 -m venv .build/$(1) && .build/$(1)/bin/pip install --quiet $(2); then \
  echo "Installed $(2) in .build/$(1)"; \
else \
  rm -rf .build/$(1); echo "$(firstword $(2)) cannot be installed; $(3) are skipped"; \
fi
endef

.build/otio/bin/otioconvert:
	$(call install_python,otio,$(OTIO_PACKAGES),tests of AAF)

.build/openjd/bin/openjd:
	$(call install_python,openjd,$(OPENJD_PACKAGES),tests of exported jobs)

.build/opencue/bin/python:
	$(call install_python,opencue,$(OPENCUE_PACKAGES),tests of OpenCue specifications)

.build/ocio/bin/python:
	$(call install_python,ocio,$(OCIO_PACKAGES),comparisons with PyOpenColorIO)

.build/schemathesis/bin/schemathesis:
	$(call install_python,schemathesis,$(SCHEMATHESIS_PACKAGES),tests of the board's interface)

.build/axe/bin/python:
	$(call install_python,axe,$(AXE_PACKAGES),tests of the board's accessibility)

build: install
	swift build -c release --explicit-target-dependency-import-check error

run: build
	$(INTERLOCK) run Pipelines/short-film.yaml --production Output
	$(INTERLOCK) status Pipelines/short-film.yaml --production Output

# In three processes: tests that wait for programs hold the few threads that the engine feeds its workers from.
test: install-tests
	swift build -c release --build-tests
	failed=0; \
	for part in '--filter ^EngineTests[.]' '--skip ^(EngineTests|EndToEndTests)[.]' '--filter ^EndToEndTests[.]'; do \
	  swift test -c release --skip-build $$part || failed=1; \
	done; \
	exit $$failed

# What only benchmarks compare with; without it they say so and leave it out.
BENCH_PACKAGES := melt
SNAKEMAKE_PACKAGES := snakemake==9.27.1

.build/snakemake/bin/snakemake:
	$(call install_python,snakemake,$(SNAKEMAKE_PACKAGES),comparisons with it)

bench: install-tests build .build/snakemake/bin/snakemake
	@$(call install_packages,$(BENCH_PACKAGES))
	.build/release/interlock-bench

lint:
	swift format lint --strict --recursive Package.swift Sources Tests
