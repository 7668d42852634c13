breadcrumbs = Vị trí trang

calls-intro = Mỗi giao dịch qua nền tảng được hai bên ký và ghi vào nhật ký không sửa được. Nhật ký không lưu nội dung dữ liệu và không lưu thông tin cá nhân.
calls-find = Tìm giao dịch
calls-find-hint = Mã giao dịch (X-Road-Id) đầy đủ, hoặc một phần mã hệ thống, mã dịch vụ
calls-find-button = Tìm
calls-only-failed = Chỉ giao dịch bị từ chối hoặc lỗi
calls-none = Chưa có giao dịch nào phù hợp. Bỏ bớt điều kiện tìm, hoặc kiểm tra quyền khai thác của hệ thống ở mục “Đăng ký kết nối”.
calls-older = Các giao dịch cũ hơn
calls-table = Giao dịch gần nhất
calls-at = Thời điểm
calls-id = Mã giao dịch
calls-failed = Lỗi
calls-good = Đạt

calls-live-title = Giao dịch trực tiếp
calls-live-intro = Các giao dịch đang đi qua nút này. Trang tự cập nhật mỗi hai giây; nếu trình duyệt tắt kịch bản, hãy tải lại trang.
calls-hour = giao dịch trong giờ này
calls-hour-failed = bị từ chối hoặc lỗi
calls-half = một nửa số giao dịch
calls-most = 95% số giao dịch
calls-codes = Mã lỗi trong giờ này

call-title = Giao dịch
call-check = Kiểm tra chứng cứ
call-file = Tải tệp chứng cứ
call-client = Bên khai thác
call-service = Dịch vụ
call-peer = Nút bên kia
call-permit = Theo quyền khai thác
call-outcome = Kết quả
call-took = Thời gian xử lý
call-asked-size = Dung lượng yêu cầu
call-answered-size = Dung lượng trả lời
call-kib = không quá { $count } KiB
call-index = Số thứ tự trong nhật ký
call-withheld = Trường không được cấp, đã cắt bỏ
call-signed-request = Bên khai thác đã ký
call-signed-response = Bên cung cấp đã ký
call-certificate = Chứng thư số (SHA-256):
call-signature = Chữ ký:
call-others = Giao dịch khác dùng cùng mã
call-no-content = Nội dung yêu cầu và trả lời không nằm trong nhật ký. Nhật ký chỉ giữ giá trị cam kết, không suy ngược được ra dữ liệu.

call-side = Nút này là
call-side-consumer = Nút bên khai thác
call-side-provider = Nút bên cung cấp
call-part-request = Yêu cầu
call-part-response = Trả lời
call-part-call = Yêu cầu và trả lời
call-part-refusal = Từ chối
call-part-interrupted = Gián đoạn

call-check-title = Kết quả kiểm tra chứng cứ
call-check-good = Chứng cứ đúng
call-check-bad = Chứng cứ không đúng
call-check-bad-next = Giữ nguyên tệp chứng cứ, báo ngay cho cán bộ an toàn thông tin của hai bên và đơn vị vận hành nền tảng.
call-check-list = Các nội dung đã kiểm tra
call-check-claim = Nội dung
call-check-result = Kết quả
call-check-detail = Chi tiết
call-check-outside = Bất kỳ ai có tệp chứng cứ và chứng thư của cơ quan chứng thực đều tự kiểm tra được, không cần đến hệ thống này:

check-result-passed = Đạt
check-result-failed = Không đạt
check-result-not-present = Không có
