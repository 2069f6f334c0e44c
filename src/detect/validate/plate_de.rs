//! German plates (FZV section 9 and annex 1): district, one or two letters, one to four digits, `E` or `H` behind. What only
//! looks like one (`A B 12`) is everywhere, so that context is required.

use super::{Candidate, Verdict};

/// Checks the district and at most eight characters.
pub(super) fn plate_de(candidate: &Candidate<'_>) -> Verdict {
    let district = candidate.raw.split([' ', '-']).next().unwrap_or_default();
    let rest = candidate.compact.iter().skip_while(|byte| !byte.is_ascii_digit());
    let number = rest.clone().take_while(|byte| byte.is_ascii_digit()).count();
    let zero = rest.clone().next() == Some(&b'0');
    // Districts with an umlaut are few, and only here may a letter be other than ASCII.
    let known = !district.is_ascii() || DISTRICTS.split(' ').any(|known| known.eq_ignore_ascii_case(district));
    Verdict::of(
        known
            && !zero
            && (1..=4).contains(&number)
            && candidate.raw.chars().filter(|c| c.is_alphanumeric()).count() <= 10,
    )
}

/// Districts in use or that may still be driven with, blank-separated.
const DISTRICTS: &str = "\
    A AA AB ABG ABI AC AE AH AIB AIC AK ALF ALZ AM AN ANA ANG ANK AP APD AR ARN ART AS ASL ASZ AT AU AUR AW AZ AZE B \
    BA BAD BAR BB BBG BBL BC BCH BD BED BER BF BGD BGL BH BI BID BIN BIR BIT BIW BK BKS BL BLB BLK BM BN BNA BO BOG \
    BOH BOR BOT BP BRA BRB BRG BRI BRK BRL BRV BS BSB BSK BT BTF BUD BUL BUR BUS BUZ BW BWL BYL BZ BZA C CA CAS CB \
    CE CHA CLP CLZ CO COC COE CR CUX CW D DA DAH DAN DAU DB DBR DD DE DEG DEL DGF DH DI DIL DIN DIZ DKB DL DLG DM DN \
    DO DON DS DT DU DUD DW DZ E EA EB EBE EBN EBS ECK ED EE EF EG EH EI EIC EIH EIL EIN EIS EL EM EMD EMS EN ER ERB \
    ERH ERK ERZ ES ESB ESW EU EUT EW F FB FD FDB FDS FEU FF FFB FG FH FI FKB FL FLO FN FO FOR FR FRG FRI FRW FS FT \
    FTL FW FZ G GA GAN GAP GC GD GDB GE GEL GEM GEO GER GF GG GHA GHC GI GK GL GLA GM GMN GN GNT GOA GOH GP GR GRA \
    GRH GRI GRM GRS GRZ GS GT GTH GUB GUN GV GVM GW GZ H HA HAB HAL HAM HAS HB HBN HBS HC HCH HD HDH HDL HE HEB HEF \
    HEI HEL HER HET HF HG HGN HGW HH HHM HI HIG HIP HK HL HM HMU HN HO HOG HOH HOL HOM HOR HOT HP HR HRO HS HSK HST \
    HU HUN HUS HV HVL HWI HX HY HZ IGB IK IL ILL IN IS IZ J JB JE JEV JL K KA KAR KB KC KE KEH KEL KEM KF KG KH KI \
    KIB KK KL KLE KLZ KM KN KO KR KRU KS KT KU KUN KUS KW KY KYF L LA LAN LAT LAU LB LBS LBZ LC LD LDK LDS LEO LER \
    LEV LF LG LH LI LIB LIF LIP LL LM LN LOH LOS LP LR LRO LSA LSN LSZ LU LUN LUP LWL M MA MAB MAI MAK MAL MB MC MD \
    ME MED MEG MEI MEK MEL MER MET MG MGH MGN MH MHL MI MIL MK MKK ML MM MN MO MOD MOL MON MOS MQ MR MS MSE MSH MSP \
    MST MT MTK MTL MU MUB MUR MVL MW MY MYK MZ MZG N NAB NAI NAU NB ND NDH NE NEA NEB NEC NEN NES NEU NEW NF NH NI \
    NK NL NM NMB NMS NOH NOL NOM NOR NP NR NRW NT NU NVP NW NWM NY NZ OA OAL OB OBB OBG OC OCH OD OE OF OG OH OHA \
    OHV OHZ OK OL OP OPR OR OS OSL OTW OVI OVL OVP OZ P PA PAF PAN PAR PB PCH PE PEG PF PI PIR PL PLO PM PN PR PRU \
    PS PW PZ QFT QLB R RA RC RD RDG RE REG REH REI RG RH RI RID RIE RL RM RN RO ROD ROF ROH ROK ROL ROS ROT ROW RP \
    RPL RS RSL RT RU RUD RV RW RZ S SAB SAD SAL SAN SAW SB SBG SBK SC SCZ SDH SDL SDT SE SEB SEE SEF SEL SFB SFT SG \
    SGH SH SHA SHG SHK SHL SI SIG SIM SK SL SLE SLF SLG SLK SLN SLS SLZ SM SMU SN SNH SO SOB SOG SOK SON SP SPB SPN \
    SR SRB SRO ST STA STB STD STE STH STL STO SU SUL SW SWA SY SZ SZB TBB TDO TE TET TF TG THL THW TIR TO TP TR TS \
    TT TU TUT UE UEM UER UFF UH UL UM UN USI V VAI VB VEC VER VG VIB VIE VIT VK VL VOH VR VS W WA WAF WAK WAN WAR \
    WAT WB WBS WD WDA WE WEB WEG WEL WEN WER WES WF WG WHV WI WIL WIS WIT WIV WIZ WK WL WLG WM WMS WN WND WO WOB WOH \
    WOL WOR WOS WR WRN WS WSF WST WSW WT WTL WTM WUG WUN WUR WW WZ WZL Z ZE ZEL ZI ZIG ZP ZR ZS ZW ZZ \
    ";
