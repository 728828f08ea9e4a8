//! OTLP over gRPC.

use futures::stream;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::{Request, Response, Status, async_trait};

use super::Told;

/// Takes what comes until it is dropped.
pub(super) async fn serve(listener: TcpListener, told: Told) {
    let incoming = stream::unfold(listener, |listener| async {
        let accepted = listener.accept().await.map(|(socket, _)| socket);
        Some((accepted, listener))
    });
    let server = Server::builder().add_service(TraceServiceServer::new(told));
    // Ends when it is dropped.
    let _ = server.serve_with_incoming(incoming).await;
}

#[async_trait]
impl TraceService for Told {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.take(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
