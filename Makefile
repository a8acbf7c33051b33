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
	qemu-user ninja-build time procps util-linux coreutils

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

# AAF and other cuts are converted by OpenTimelineIO, which Debian does not have.
OTIO_PACKAGES := OpenTimelineIO==0.18.1 otio-aaf-adapter==2.0.0 otio-xges-adapter==1.0.0 pyaaf2==1.7.1

# The colour of LUTs and corrections is compared with another release of OpenColorIO.
OCIO_PACKAGES := opencolorio==2.6.0

install-tests: install .build/otio/bin/otioconvert .build/ocio/bin/python
	@$(call install_packages,$(TEST_PACKAGES))

# Without the network the tests that need it say so and are skipped.
.build/otio/bin/otioconvert:
	@$(call install_packages,python3 python3-venv)
	@mkdir -p .build; \
	if python3 -m venv .build/otio && .build/otio/bin/pip install --quiet $(OTIO_PACKAGES); then \
	  echo "Installed $(OTIO_PACKAGES) in .build/otio"; \
	else \
	  rm -rf .build/otio; echo "OpenTimelineIO cannot be installed; tests of AAF are skipped"; \
	fi

.build/ocio/bin/python:
	@$(call install_packages,python3 python3-venv)
	@mkdir -p .build; \
	if python3 -m venv .build/ocio && .build/ocio/bin/pip install --quiet $(OCIO_PACKAGES); then \
	  echo "Installed $(OCIO_PACKAGES) in .build/ocio"; \
	else \
	  rm -rf .build/ocio; echo "PyOpenColorIO cannot be installed; the comparison with it is skipped"; \
	fi

build: install
	swift build -c release --explicit-target-dependency-import-check error

run: build
	$(INTERLOCK) run Pipelines/short-film.yaml --production Output
	$(INTERLOCK) status Pipelines/short-film.yaml --production Output

test: install-tests
	swift build -c release --build-tests
	swift test -c release --skip-build

# What only benchmarks compare with; without the network or the packages they say so and leave it out.
BENCH_PACKAGES := melt
SNAKEMAKE := .build/snakemake/bin/snakemake

$(SNAKEMAKE):
	@$(call install_packages,python3 python3-venv)
	@mkdir -p .build; \
	if python3 -m venv .build/snakemake && .build/snakemake/bin/pip install --quiet snakemake==9.27.1; then \
	  echo "Installed Snakemake in .build/snakemake"; \
	else \
	  rm -rf .build/snakemake; echo "Snakemake cannot be installed; it is not compared with"; \
	fi

bench: install-tests build $(SNAKEMAKE)
	@$(call install_packages,$(BENCH_PACKAGES))
	.build/release/interlock-bench

lint:
	swift format lint --strict --recursive Package.swift Sources Tests
