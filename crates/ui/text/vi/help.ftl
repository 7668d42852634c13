help-title = Mã lỗi { $name }
