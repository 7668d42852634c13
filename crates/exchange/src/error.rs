//! Why a call was not answered: one enum, each reason with a code, a fault side and X-Road's type.

use base::{Code, Fault};
use http::StatusCode;

use crate::cut::Uncuttable;
use crate::rights::{Failing, Unmet};

/// Which of the two nodes noticed the error; X-Road writes it as the prefix of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The consumer's node: `server.clientproxy`.
    Consumer,
    /// The provider's node: `server.serverproxy`.
    Provider,
}

/// A refused or failed call.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub struct CallError {
    /// Who noticed.
    pub side: Side,
    /// What happened.
    pub reason: Reason,
}

/// What happened to a call that was not answered by the service.
///
/// The `Display` text is what the asking system's engineer reads: Vietnamese, then English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[rustfmt::skip]
pub enum Reason {
    /// The URL is not `/r1/INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE…`.
    #[error("Địa chỉ không đúng dạng /r1/MÔI-TRƯỜNG/LOẠI/THÀNH-VIÊN/HỆ-THỐNG/DỊCH-VỤ: {0} / The URL is not of the form /r1/INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE: {0}")]
    Target(String),
    /// No `X-Road-Client`.
    #[error("Thiếu tiêu đề X-Road-Client / The header X-Road-Client is missing")]
    ClientMissing,
    /// A header of the protocol has a value that is not well formed.
    #[error("Tiêu đề {0} có giá trị không hợp lệ / The header {0} has an invalid value")]
    HeaderInvalid(&'static str),
    /// A header that may stand once stands more than once.
    #[error("Tiêu đề {0} xuất hiện nhiều lần / The header {0} appears more than once")]
    HeaderRepeated(&'static str),
    /// A method outside the eight of the protocol.
    #[error("Phương thức HTTP không được hỗ trợ / The HTTP method is not supported")]
    Method,
    /// The request line and headers are larger than the limit.
    #[error("Phần đầu của yêu cầu lớn hơn {0} byte / The head of the request is larger than {0} bytes")]
    HeadTooLarge(usize),
    /// The body is larger than the limit.
    #[error("Nội dung lớn hơn {0} byte / The body is larger than {0} bytes")]
    BodyTooLarge(u64),
    /// The body did not arrive whole, or not in time.
    #[error("Nội dung gửi đến không trọn vẹn hoặc quá chậm / The body did not arrive whole and in time")]
    BodyIncomplete,
    /// `..` or an encoded separator in the path.
    #[error("Đường dẫn chứa '..' hoặc dấu phân cách mã hóa / The path holds '..' or an encoded separator")]
    PathUnsafe,

    /// The client is not a subsystem of this node, or not in the directory.
    #[error("Bên khai thác chưa đăng ký tại nút này / The client is not registered at this node")]
    ClientUnknown,
    /// The client did not prove who it is in the registered way.
    #[error("Hệ thống khai thác chưa được xác thực: {0} / The client system is not authenticated: {0}")]
    ClientUnauthenticated(&'static str),
    /// No node in the directory serves the provider.
    #[error("Danh bạ không có bên cung cấp này / The directory does not know this provider")]
    ProviderUnknown,
    /// The provider's node announced maintenance.
    #[error("Nút cung cấp đang bảo trì: {0} / The provider's node is in maintenance: {0}")]
    Maintenance(String),
    /// `X-Road-Security-Server` names a node that does not serve the provider.
    #[error("Nút được chỉ định không phục vụ bên cung cấp này / The node asked for does not serve this provider")]
    NodeUnsuitable,

    /// No grant allows it.
    #[error("Chưa được cấp quyền khai thác dịch vụ này / This service is not granted to the client")]
    NotGranted,
    /// The provider has no such service.
    #[error("Bên cung cấp không có dịch vụ này / The provider has no such service")]
    ServiceUnknown,
    /// The service is switched off, with the provider's notice.
    #[error("Dịch vụ tạm ngừng: {0} / The service is disabled: {0}")]
    ServiceDisabled(String),
    /// A grant existed and has ended.
    #[error("Quyền khai thác đã hết hạn / The grant has expired")]
    GrantExpired,
    /// The grant asks for a purpose and the call names none or another.
    #[error("Mục đích khai thác không thuộc quyền đã cấp / The purpose is not one that the grant names")]
    PurposeNotGranted,
    /// A grant exists and is suspended; why.
    #[error("Quyền khai thác đang tạm dừng{} / The grant is suspended{}", because(.0.as_deref()), because(.0.as_deref()))]
    GrantSuspended(Option<String>),
    /// A grant existed and was revoked; why.
    #[error("Quyền khai thác đã bị thu hồi{} / The grant was revoked{}", because(.0.as_deref()), because(.0.as_deref()))]
    GrantRevoked(Option<String>),
    /// The readiness gate of one of the two is closed.
    #[error("Cổng an toàn của {} chưa mở: {} / The readiness gate of the {} is closed: {}", .side.vi(), all(.failing, Failing::vi), .side.en(), all(.failing, Failing::en))]
    GateClosed { /// Whose.
        side: Side, /// Why.
        failing: Vec<Failing> },
    /// All calls of the day were made.
    #[error("Đã dùng hết {quota} cuộc gọi của ngày; dùng lại được từ 0 giờ / All {quota} calls of the day are used; again from midnight (UTC+7)")]
    QuotaUsed { /// How many there are.
        quota: u64, /// Seconds until there are new ones.
        wait_s: u64 },
    /// More calls in a second than the grant allows.
    #[error("Quá {rate} cuộc gọi mỗi giây; hãy gọi chậm lại / More than {rate} calls a second: call more slowly")]
    TooFast { /// How many are allowed.
        rate: u32 },
    /// The grant has a condition that the call does not meet.
    #[error("Chưa đáp ứng điều kiện của quyền khai thác: {} / The call does not meet the grant's condition: {}", .0.vi(), .0.en())]
    ConditionNotMet(Unmet),
    /// The grant is for some fields, and the answer cannot be cut to them.
    #[error("Không cắt được trả lời theo trường được cấp, nên không chuyển: {} / The answer cannot be cut to the granted fields and is not given: {}", .0.vi(), .0.en())]
    CannotCut(Uncuttable),

    /// The provider's node takes its rights from a registry and has not heard from it for longer than it may.
    #[error("Nút cung cấp mất liên lạc với sổ đăng ký quá lâu, không còn biết ai được phép / The provider's node has not heard from the registry for too long to know who may call")]
    RightsOutOfDate,

    /// The provider's node does not answer.
    #[error("Không kết nối được nút cung cấp / The provider's node cannot be reached")]
    PeerUnreachable,
    /// The peer's TLS certificate is not one the directory names, or is not in force.
    #[error("Chứng thư kết nối của nút đối tác không hợp lệ / The other node's TLS certificate is not accepted")]
    PeerCertificate,
    /// The peer's message breaks the node protocol.
    #[error("Thông điệp giữa hai nút không hợp lệ: {0} / The message between the nodes is malformed: {0}")]
    PeerMessage(&'static str),
    /// The provider's node did not answer in time.
    #[error("Quá thời gian chờ nút cung cấp ({0} giây) / The provider's node did not answer within {0} s")]
    PeerTimeout(u64),
    /// A signature does not verify.
    #[error("Chữ ký thông điệp không đúng / The message signature does not verify")]
    Signature,
    /// The same message was seen before.
    #[error("Thông điệp đã được gửi trước đó / The message was sent before (replay)")]
    Replayed,
    /// Created in the future or too long ago: clocks differ or the message was held back.
    #[error("Thời điểm ký lệch quá {0} giây; kiểm tra đồng hồ hai nút / Signed more than {0} s from now: check both clocks")]
    ClockSkew(i64),
    /// The answer belongs to another call.
    #[error("Trả lời không khớp với yêu cầu / The answer does not belong to the request")]
    Inconsistent,
    /// Head or body are not those that were signed.
    #[error("Nội dung không khớp với cam kết đã ký / Head or body differ from what was signed")]
    Commitment,
    /// The sending node may not speak for the client.
    #[error("Nút gửi không được đại diện bên khai thác này / The sending node may not speak for this client")]
    SenderNotAllowed,
    /// The signing certificate is unknown or not in force.
    #[error("Chứng thư ký của bên kia không hợp lệ: {0} / The other side's signing certificate is not accepted: {0}")]
    SigningCertificate(&'static str),
    /// The message is addressed to another node.
    #[error("Thông điệp gửi nhầm nút / The message is addressed to another node")]
    Misaddressed,

    /// The information system behind the provider's node is not reachable.
    #[error("Không kết nối được hệ thống của bên cung cấp / The provider's information system cannot be reached")]
    ServiceUnreachable,
    /// It did not answer in time.
    #[error("Hệ thống của bên cung cấp không trả lời trong {0} giây / The provider's system did not answer within {0} s")]
    ServiceTimeout(u64),
    /// It closed the connection before the answer was whole, or answered something that is not HTTP.
    #[error("Hệ thống của bên cung cấp trả lời dở dang hoặc sai HTTP / The provider's system sent a broken answer")]
    ServiceBroken,
    /// Its answer is larger than the limit.
    #[error("Trả lời của hệ thống cung cấp lớn hơn {0} byte / The provider's answer is larger than {0} bytes")]
    ServiceTooLarge(u64),
    /// The service has no OpenAPI description.
    #[error("Dịch vụ không có bản mô tả OpenAPI / The service has no OpenAPI description")]
    NoDescription,

    /// The directory's validity has ended.
    #[error("Danh bạ tin cậy đã hết hiệu lực / The directory has expired")]
    DirectoryExpired,

    /// The message log cannot be written.
    #[error("Không ghi được nhật ký chứng cứ; cuộc gọi bị từ chối / The message log cannot be written; the call is refused")]
    LogUnavailable,
    /// The disk that holds the message log is full.
    #[error("Đĩa chứa nhật ký chứng cứ đã đầy / The disk of the message log is full")]
    LogDiskFull,
    /// The queue of the message log, or of calls, is full.
    #[error("Nút đang quá tải, hãy thử lại / The node is busy, try again")]
    Busy,
    /// A large body could not be put aside on disk.
    #[error("Không lưu tạm được nội dung lớn / A large body could not be kept on disk")]
    Spool,

    /// This node's own key or certificate cannot sign.
    #[error("Nút không ký được thông điệp: {0} / The node cannot sign: {0}")]
    CannotSign(&'static str),
    /// A mistake in this program.
    #[error("Lỗi nội bộ / Internal error")]
    Internal,
}

/// A reason that somebody gave, behind what it is the reason of.
fn because(reason: Option<&str>) -> String {
    reason.map(|text| format!(": {text}")).unwrap_or_default()
}

fn all(failing: &[Failing], text: fn(&Failing) -> String) -> String {
    failing.iter().map(text).collect::<Vec<_>>().join("; ")
}

/// What a reason means to programs: code, whose fault, X-Road's leaf code, HTTP status when not the rule's.
struct Meaning(u16, Fault, &'static str, Option<StatusCode>);

impl Reason {
    #[rustfmt::skip]
    fn meaning(&self) -> Meaning {
        use Fault::{Client, Consumer, Network, Provider, Service};
        let rule = None;
        match self {
            Self::Target(_) => Meaning(101, Client, "server.clientproxy.internal_error", rule),
            Self::ClientMissing => Meaning(102, Client, "client.bad_request", rule),
            Self::HeaderInvalid(_) => Meaning(103, Client, "client.bad_request", rule),
            Self::HeaderRepeated(_) => Meaning(104, Client, "client.duplicate_header_field", rule),
            Self::Method => Meaning(105, Client, "client.invalid_http_method", rule),
            Self::HeadTooLarge(_) => Meaning(106, Client, "client.bad_request", Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)),
            Self::BodyTooLarge(_) => Meaning(107, Client, "client.bad_request", Some(StatusCode::PAYLOAD_TOO_LARGE)),
            Self::BodyIncomplete => Meaning(108, Client, "client.bad_request", Some(StatusCode::REQUEST_TIMEOUT)),
            Self::PathUnsafe => Meaning(109, Client, "client.bad_request", rule),
            Self::ClientUnknown => Meaning(201, Client, "unknown_member", rule),
            Self::ClientUnauthenticated(_) => Meaning(202, Client, "ssl_authentication_failed", rule),
            Self::ProviderUnknown => Meaning(203, Client, "unknown_member", rule),
            Self::Maintenance(_) => Meaning(204, Provider, "maintenance_mode", rule),
            Self::NodeUnsuitable => Meaning(205, Client, "invalid_security_server", rule),
            Self::NotGranted => Meaning(301, Client, "access_denied", rule),
            Self::ServiceUnknown => Meaning(302, Client, "unknown_service", rule),
            Self::ServiceDisabled(_) => Meaning(303, Provider, "service_disabled", rule),
            Self::GrantExpired => Meaning(304, Client, "access_denied", rule),
            Self::PurposeNotGranted => Meaning(305, Client, "access_denied", rule),
            Self::GrantSuspended(_) => Meaning(306, Client, "access_denied", rule),
            Self::GrantRevoked(_) => Meaning(307, Client, "access_denied", rule),
            Self::GateClosed { side: Side::Consumer, .. } => Meaning(308, Client, "access_denied", rule),
            Self::GateClosed { side: Side::Provider, .. } => Meaning(308, Provider, "service_disabled", rule),
            Self::QuotaUsed { .. } => Meaning(309, Client, "quota_exceeded", Some(StatusCode::TOO_MANY_REQUESTS)),
            Self::TooFast { .. } => Meaning(310, Client, "rate_exceeded", Some(StatusCode::TOO_MANY_REQUESTS)),
            Self::ConditionNotMet(_) => Meaning(311, Client, "access_denied", rule),
            Self::CannotCut(_) => Meaning(312, Service, "service_failed.answer_not_cut", rule),
            Self::RightsOutOfDate => Meaning(313, Provider, "service_disabled", rule),
            Self::PeerUnreachable => Meaning(401, Network, "network_error", rule),
            Self::PeerCertificate => Meaning(402, Network, "ssl_authentication_failed", rule),
            Self::PeerMessage(_) => Meaning(403, Network, "invalid_message", rule),
            Self::PeerTimeout(_) => Meaning(404, Network, "network_error", rule),
            Self::Signature => Meaning(405, Network, "signature_verification.invalid_signature_value", rule),
            Self::Replayed => Meaning(406, Network, "replayed_message", rule),
            Self::ClockSkew(_) => Meaning(407, Network, "message_not_in_force", rule),
            Self::Inconsistent => Meaning(408, Provider, "inconsistent_response", rule),
            Self::Commitment => Meaning(409, Network, "signature_verification.invalid_reference", rule),
            Self::SenderNotAllowed => Meaning(410, Consumer, "ssl_authentication_failed", rule),
            Self::SigningCertificate(_) => Meaning(411, Network, "cert_validation", rule),
            Self::Misaddressed => Meaning(412, Consumer, "invalid_security_server", rule),
            Self::ServiceUnreachable => Meaning(501, Service, "service_failed.network_error", rule),
            Self::ServiceTimeout(_) => Meaning(502, Service, "service_failed.timeout", rule),
            Self::ServiceBroken => Meaning(503, Service, "service_failed.invalid_message", rule),
            Self::ServiceTooLarge(_) => Meaning(504, Service, "service_failed.body_too_large", rule),
            Self::NoDescription => Meaning(505, Provider, "service_failed.no_description", rule),
            Self::DirectoryExpired => Meaning(601, Network, "global_conf_outdated", rule),
            Self::LogUnavailable => Meaning(701, Consumer, "logging_failed", rule),
            Self::LogDiskFull => Meaning(702, Consumer, "logging_failed", rule),
            Self::Busy => Meaning(703, Consumer, "busy", Some(StatusCode::SERVICE_UNAVAILABLE)),
            Self::Spool => Meaning(704, Consumer, "io_error", rule),
            Self::CannotSign(_) => Meaning(801, Consumer, "cannot_create_signature", rule),
            Self::Internal => Meaning(902, Consumer, "internal_error", rule),
        }
    }

    /// This reason, noticed by the consumer's node.
    pub fn at_consumer(self) -> CallError {
        CallError { side: Side::Consumer, reason: self }
    }

    /// This reason, noticed by the provider's node.
    pub fn at_provider(self) -> CallError {
        CallError { side: Side::Provider, reason: self }
    }
}

impl Side {
    fn vi(self) -> &'static str {
        match self {
            Self::Consumer => "bên khai thác",
            Self::Provider => "bên cung cấp",
        }
    }

    fn en(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Provider => "provider",
        }
    }
}

impl CallError {
    /// After how many seconds it is worth calling again, when the node can tell.
    pub fn retry_after_s(&self) -> Option<u64> {
        match &self.reason {
            Reason::Busy | Reason::TooFast { .. } => Some(1),
            Reason::QuotaUsed { wait_s, .. } => Some(*wait_s),
            _ => None,
        }
    }

    /// Codes of the items that keep a gate closed, joined by commas.
    pub fn gate(&self) -> Option<String> {
        let Reason::GateClosed { failing, .. } = &self.reason else { return None };
        let items: Vec<&str> = failing.iter().map(|one| one.item.as_str()).collect();
        Some(items.join(", "))
    }

    /// The stable code; its page is `docs/errors/EX-nnnn.md`.
    pub fn code(&self) -> Code {
        Code(self.reason.meaning().0)
    }

    /// On which side the cause lies. What the consumer's node does to itself, the provider's can too.
    pub fn fault(&self) -> Fault {
        match (self.reason.meaning().1, self.side) {
            (Fault::Consumer, Side::Provider) if self.code().0 >= 700 => Fault::Provider,
            (fault, _) => fault,
        }
    }

    /// X-Road's error type, in the spelling of version 7.8, for example `server.serverproxy.access_denied`.
    pub fn kind(&self) -> String {
        let leaf = self.reason.meaning().2;
        if leaf.starts_with("client.") || leaf.starts_with("server.") {
            return leaf.to_owned();
        }
        match self.side {
            Side::Consumer => format!("server.clientproxy.{leaf}"),
            Side::Provider => format!("server.serverproxy.{leaf}"),
        }
    }

    /// X-Road's rule: types that begin with `server.` answer 500, others 400; our limits have their own.
    pub fn status(&self) -> StatusCode {
        let by_rule = if self.kind().starts_with("server.") {
            StatusCode::INTERNAL_SERVER_ERROR
        } else {
            StatusCode::BAD_REQUEST
        };
        self.reason.meaning().3.unwrap_or(by_rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_right_is_spelled_as_xroad_7_8_does() {
        let error = Reason::NotGranted.at_provider();
        assert_eq!(error.kind(), "server.serverproxy.access_denied");
        assert_eq!(error.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(error.code().to_string(), "EX-0301");
    }

    #[test]
    fn a_full_disk_is_the_fault_of_the_node_that_has_it() {
        assert_eq!(Reason::LogDiskFull.at_provider().fault(), Fault::Provider);
        assert_eq!(Reason::LogDiskFull.at_consumer().fault(), Fault::Consumer);
    }
}
