help-title = Error code { $name }
