"""The currency codes of ISO 4217: those in force, and those withdrawn since 2015.

The optimizer never converts money; it knows the codes to refuse one that does not exist, and how
many minor units a unit has to write amounts in sentences.
"""

from collections.abc import Callable

_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP
BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN
ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK
JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD
MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP
PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP
SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV
WST XAD XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR
ZMW ZWG ANG BGN BYR CUC HRK LTL MRO SLL STD VEF ZWL
"""

CURRENCIES = frozenset(_CODES.split())

NO_MINOR = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
THOUSANDTHS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


def writer(currency: str) -> Callable[[float], str]:
    """Minor units as the currency's code and whole units: `USD 1,200,000`."""
    digits = 0 if currency in NO_MINOR else 3 if currency in THOUSANDTHS else 2

    def write(amount: float) -> str:
        whole = amount / 10**digits
        return (
            f"{currency} {whole:,.0f}"
            if whole >= 100 or digits == 0
            else f"{currency} {whole:,.2f}"
        )

    return write
