//! OTLP over HTTP: `POST /v1/traces`, protobuf in, an empty answer out.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::Told;

/// Takes what comes until it is dropped.
pub(super) async fn serve(listener: TcpListener, told: Told) {
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let told = told.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| answer(request, told.clone()));
            // A client that goes away is no news.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

async fn answer(request: Request<Incoming>, told: Told) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let is_export = request.method() == Method::POST
        && request.uri().path() == "/v1/traces"
        && request.headers().get("content-type").is_some_and(|kind| kind == "application/x-protobuf");
    let body = request.into_body().collect().await?.to_bytes();
    let status = match ExportTraceServiceRequest::decode(body) {
        Ok(export) if is_export => {
            told.take(export);
            StatusCode::OK
        }
        _ => StatusCode::BAD_REQUEST,
    };
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    Ok(response)
}
