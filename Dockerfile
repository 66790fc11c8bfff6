# mathbench with PyTorch for CPUs and the server of a board, for an ordinary user.
#   docker build -t mathbench .    # with --build-arg TORCH_INDEX=ADDRESS of PyTorch's builds for CPUs: gigabytes less
#   docker run --rm -it -v mathbench:/data mathbench run-baseline lstm-seq2seq
#   docker run --rm -v mathbench:/data -p 127.0.0.1:8000:8000 mathbench leaderboard serve --host 0.0.0.0
FROM python:3.13-slim AS build
# compiles the innermost loops; not in the image that is left
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY constraints.txt ./
# PyTorch's page "Get started" names its index of builds for CPUs; the package index brings gigabytes for GPUs
ARG TORCH_INDEX=
RUN python -m venv /opt/mathbench \
    && /opt/mathbench/bin/pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} -c constraints.txt torch
COPY . .
RUN /opt/mathbench/bin/pip install -c constraints.txt '.[torch,server]'

FROM python:3.13-slim
RUN useradd --create-home --uid 1000 mathbench \
    && install --directory --owner mathbench --group mathbench /data
COPY --from=build /opt/mathbench /opt/mathbench
ENV PATH=/opt/mathbench/bin:$PATH \
    MATHBENCH_BOARD=/data/board.sqlite \
    PYTHONUNBUFFERED=1
USER 1000
WORKDIR /data
EXPOSE 8000
ENTRYPOINT ["mathbench"]
CMD ["--help"]
