product = Liên Thông
skip = Đến nội dung chính
sign-out = Đăng xuất
other-language = English
other-language-tag = en
foot = Nền tảng tích hợp, chia sẻ dữ liệu giữa các cơ quan nhà nước. Mọi thao tác đều được ghi vào sổ nhật ký.

nav-label = Chức năng
nav-work = Việc của tôi
nav-services = Tìm dịch vụ
nav-sharing = Chia sẻ dữ liệu
nav-requests = Đăng ký kết nối
nav-watch = Giám sát
nav-evidence = Chứng cứ
nav-admin = Quản trị

done-title = Đã thực hiện
errors-title = Chưa thực hiện được

failed-code = Mã lỗi:
failed-form-title = Biểu mẫu không còn hiệu lực
failed-form-what = Biểu mẫu được mở trước lần đăng nhập này, hoặc không được gửi từ trang của hệ thống.
failed-form-next = Mở lại trang, điền lại và gửi. Chưa có thay đổi nào được thực hiện.
failed-nothing-title = Không tìm thấy
failed-nothing-what = Không có trang hoặc đối tượng này, hoặc đã được chuyển đi nơi khác.
failed-nothing-next = Kiểm tra lại địa chỉ, hoặc chọn một chức năng ở phía trên.
failed-forbidden-title = Không có thẩm quyền
failed-forbidden-what = Vai trò hiện nay của ông/bà không có quyền thực hiện việc này.
failed-forbidden-next = Liên hệ đơn vị vận hành nền tảng nếu cần được phân công vai trò. Việc bị từ chối đã được ghi vào nhật ký.
failed-conflict-title = Đã có người thay đổi trước
failed-conflict-what = Nội dung này đã thay đổi sau khi ông/bà mở trang.
failed-conflict-next = Quay lại, tải lại trang để xem nội dung mới rồi thực hiện lại.
failed-busy-title = Hệ thống đang bận
failed-busy-what = Đang có quá nhiều yêu cầu cùng lúc.
failed-busy-next = Chờ ít phút rồi thực hiện lại. Nội dung đã gửi chưa được ghi nhận.
failed-invalid-title = Nội dung chưa hợp lệ
failed-invalid-what = Nội dung gửi đi chưa đúng quy định.
failed-invalid-next = Quay lại trang trước, sửa theo hướng dẫn rồi gửi lại.
failed-ours-title = Hệ thống gặp lỗi
failed-ours-what = Hệ thống chưa xử lý được yêu cầu; lỗi không phải do ông/bà.
failed-ours-next = Thử lại sau. Nếu vẫn gặp lỗi, báo cho đơn vị vận hành cùng thời điểm xảy ra.

sign-in-title = Đăng nhập
sign-in-name = Tên đăng nhập
sign-in-password = Mật khẩu
sign-in-code = Mã xác thực
sign-in-code-hint = Sáu chữ số hiển thị trên ứng dụng xác thực của ông/bà
sign-in-button = Đăng nhập
sign-in-help = Quên mật khẩu hoặc mất thiết bị xác thực: liên hệ đơn vị vận hành nền tảng để được cấp lại.

role-platform-operator = Đơn vị vận hành nền tảng
role-agency-administrator = Quản trị hệ thống của cơ quan
role-data-owner = Chủ quản dữ liệu
role-security-officer = Cán bộ an toàn thông tin
role-auditor = Kiểm toán, thanh tra
role-leader = Lãnh đạo
