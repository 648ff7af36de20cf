# syntax=docker/dockerfile:1
# Three images of one build: api, worker-cpu, worker-gpu.
#
#     docker build --target api --tag castbook-api .
#
# Checked by hadolint (tests/deploy); no image was built where castbook is developed.

FROM python:3.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY castbook castbook
COPY book book
COPY tts tts
COPY audio audio
COPY tasks tasks
COPY flows flows
COPY service service
COPY configs configs
RUN python -m venv /opt/castbook \
    && /opt/castbook/bin/pip install ".[service,s3,espeak]"

FROM build AS build-cpu
RUN /opt/castbook/bin/pip install ".[kokoro]"

FROM build AS build-gpu
# brings torch with its CUDA libraries: the host needs the NVIDIA driver and nothing else
RUN /opt/castbook/bin/pip install ".[glm]"

FROM python:3.12-slim-bookworm AS run
# hadolint ignore=DL3008 # the base image fixes the release; security updates shall come in
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --shell /usr/sbin/nologin castbook \
    && install --directory --owner=castbook /data /cache /projects
ENV PATH=/opt/castbook/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CASTBOOK_DATA=/data \
    CASTBOOK_CACHE=/cache \
    CASTBOOK_PROJECTS=/projects:/data/projects
USER 10001
WORKDIR /data
VOLUME ["/data", "/cache"]
# engines are processes of their own: their ends are waited for by a real init
ENTRYPOINT ["tini", "--"]

FROM run AS api
COPY --from=build /opt/castbook /opt/castbook
ENV CASTBOOK_HOST=0.0.0.0 CASTBOOK_PORT=7860
EXPOSE 7860
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]
CMD ["castbook", "serve"]

FROM run AS worker-cpu
COPY --from=build-cpu /opt/castbook /opt/castbook
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/health', timeout=4)"]
CMD ["prefect", "worker", "start", "--pool", "castbook", "--type", "process", "--limit", "4", "--with-healthcheck"]

FROM run AS worker-gpu
COPY --from=build-gpu /opt/castbook /opt/castbook
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/health', timeout=4)"]
CMD ["prefect", "worker", "start", "--pool", "castbook-gpu", "--type", "process", "--limit", "1", "--with-healthcheck"]
