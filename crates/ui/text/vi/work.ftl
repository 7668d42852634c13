work-requests = Đăng ký kết nối chờ tôi xử lý
work-requests-none = Không có việc nào đang chờ. Có thể tìm dịch vụ để đăng ký kết nối, hoặc xem các đăng ký của cơ quan ở mục “Đăng ký kết nối”.
work-late = Đã quá hạn
work-late-since = hạn { $name }
work-filings = Hồ sơ cổng an toàn chờ người thứ hai xem xét
work-changes = Thay đổi danh bạ tin cậy
work-changes-count = { $count } đề nghị chờ người thứ hai phê duyệt
work-ending = Sắp hết hiệu lực
days-left = còn { $count } ngày
late = Quá hạn
end-of-day = hết ngày { $name }

request-number = Số đăng ký
request-service = Dịch vụ
request-agency = Cơ quan đăng ký
request-step = Bước hiện tại
request-due = Hạn xử lý
