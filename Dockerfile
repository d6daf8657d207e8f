# The image of Tidegauge: the pinned packages and the program, nothing that builds them, and nobody with rights.
#
#   docker build -t tidegauge:0.1.0 .
#
# The base image is pinned by version; where images are signed off, pin its digest too (docs/deployment.md says how).
ARG PYTHON=3.11.15-slim-bookworm

FROM python:${PYTHON} AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY deploy/requirements.lock /requirements.lock
# Only wheels whose hashes are in the lock: nothing is compiled, and nothing else can get in.
RUN python -m venv /opt/packages \
    && /opt/packages/bin/pip install --require-hashes --only-binary :all: -r /requirements.lock \
    && /opt/packages/bin/pip uninstall --yes pip setuptools

FROM python:${PYTHON} AS program
WORKDIR /app
COPY schemas schemas
COPY pipelines pipelines
COPY sinks sinks
COPY alerts alerts
COPY local local
COPY chaos chaos
COPY cli cli
COPY sql sql
COPY mappings mappings
# The file system is read-only when it runs, so what Python would write is written now.
RUN python -m compileall -q schemas pipelines sinks alerts local chaos cli

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="tidegauge" \
      org.opencontainers.image.description="Every event counted once or handed back with a reason." \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/opt/packages/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TIDEGAUGE_DATA_DIR=/var/lib/tidegauge \
    TIDEGAUGE_LOG_FORMAT=json \
    TIDEGAUGE_METRICS_PORT_COUNTS_UP=false
# A volume that is mounted here takes over the owner.
RUN groupadd --gid 10001 tidegauge \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tidegauge \
    && install --directory --mode=0750 --owner=10001 --group=10001 /var/lib/tidegauge
COPY --from=packages /opt/packages /opt/packages
COPY --from=program /app /app
WORKDIR /app
USER 10001:10001
# Lives, not ready: a store that is away is no reason to be started again.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-m", "cli.health"]
# The program is process 1 and gets the signal itself: it stores what it has read, makes its offsets durable, and ends.
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "cli"]
CMD ["run"]
