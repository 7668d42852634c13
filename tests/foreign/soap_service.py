"""A SOAP service by a library that is not ours: `soap_service.py 1.1|1.2`. Prints its port, serves until its input ends.

Each question is also held against the schema of the WSDL by libxml2; one that is not valid is refused with status 422.
"""
import io
import os
import pathlib
import sys
import threading
import warnings
from decimal import Decimal
from wsgiref.simple_server import WSGIRequestHandler, make_server

warnings.simplefilter("ignore")

from lxml import etree
from soapbar.core.binding import OperationParameter
from soapbar.core.envelope import SoapVersion
from soapbar.core.fault import SoapFault
from soapbar.core.types import ArrayXsdType, ComplexXsdType, xsd
from soapbar.server.application import SoapApplication
from soapbar.server.service import SoapService, soap_operation
from soapbar.server.wsgi import WsgiSoapApp

NAMESPACE = "http://hoso.example/1"
IS_NEW = sys.argv[1] == "1.2"
TEXT, WHOLE = xsd.resolve("string"), xsd.resolve("int")


def complex_type(name, fields):
    return ComplexXsdType(name, fields, target_namespace=NAMESPACE, qualified=True)


PAPER = complex_type("GiayTo", [("loai", TEXT), ("so", TEXT)])
PAPERS = ArrayXsdType("GiayTo", PAPER, "giayTo", inline=True, target_namespace=NAMESPACE, qualified=True)
DOSSIER = complex_type(
    "HoSo",
    [
        ("maHoSo", TEXT),
        ("hoTen", TEXT),
        ("ngayNop", xsd.resolve("date")),
        ("lePhi", xsd.resolve("decimal")),
        ("soTrang", WHOLE),
        ("daXong", xsd.resolve("boolean")),
        ("noiBo", TEXT),
        ("giayTo", PAPERS),
    ],
)


class Dossiers(SoapService):
    __service_name__ = "HoSo"
    __tns__ = NAMESPACE
    __soap_version__ = SoapVersion.SOAP_12 if IS_NEW else SoapVersion.SOAP_11

    @soap_operation(
        input_params=[OperationParameter("maHoSo", TEXT), OperationParameter("nam", WHOLE, required=False)],
        output_params=[OperationParameter("hoSo", DOSSIER)],
    )
    def traCuu(self, maHoSo, nam=None):
        if maHoSo.startswith("KHONG-CO"):
            code = "Sender" if IS_NEW else "Client.NotFound"
            raise SoapFault(code, "khong co " + maHoSo, subcodes=[(NAMESPACE, "Client.NotFound")])
        if maHoSo.startswith("LOI"):
            raise SoapFault("Server", "loi o ho so cua Nguyen Van Mau")
        dossier = {
            "maHoSo": maHoSo,
            "hoTen": "Nguyễn Văn <Mẫu> & con",
            "ngayNop": "2026-11-22",
            "lePhi": Decimal("1234567890123456789.10"),
            "soTrang": nam or 12,
            "daXong": True,
            "noiBo": "khong ai duoc biet",
            "giayTo": [{"loai": "CCCD", "so": "049099000001"}, {"loai": "GKS", "so": "12/2026"}],
        }
        return {"hoSo": dossier}


Dossiers.traCuu.__soap_operation__.output_namespace = NAMESPACE


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


class Strict(WsgiSoapApp):
    """Refuses what libxml2 finds not valid, or what asks without the action of the WSDL."""

    def __init__(self, application, wsdl):
        super().__init__(application)
        self.schema = etree.XMLSchema(etree.fromstring(wsdl).find(".//{http://www.w3.org/2001/XMLSchema}schema"))

    def __call__(self, environ, start_response):
        if environ["REQUEST_METHOD"] == "POST":
            text = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = io.BytesIO(text)
            asked = etree.fromstring(text).find("{*}Body")[0]
            given = environ["CONTENT_TYPE"] if IS_NEW else environ.get("HTTP_SOAPACTION", "")
            if not self.schema.validate(asked) or f'"{NAMESPACE}/traCuu"' not in given:
                start_response("422 Unprocessable Content", [("Content-Type", "text/plain")])
                return [str(self.schema.error_log).encode()]
        return super().__call__(environ, start_response)


server = make_server("127.0.0.1", 0, None, handler_class=Quiet)
address = f"http://127.0.0.1:{server.server_port}/hoso"
binding = "http://schemas.xmlsoap.org/wsdl/soap12/" if IS_NEW else "http://schemas.xmlsoap.org/wsdl/soap/"
wsdl = pathlib.Path(__file__).with_name("ho_so.wsdl").read_text(encoding="utf-8")
wsdl = wsdl.replace("SOAP-BINDING", binding).replace("SERVICE-ADDRESS", address).encode()
application = SoapApplication(custom_wsdl=wsdl, service_url=address)
application.register(Dossiers())
server.set_app(Strict(application, wsdl))
print(server.server_port, flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
server.serve_forever()
