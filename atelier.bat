@echo off
rem Runs the Atelier command line; builds it first if it is missing or older than a source file.
rem
rem   atelier --help
rem   atelier bench     how fast it is here, beside libtorch: a program of its own, built when it is first asked for
rem
rem Environment: JAVA_HOME (else java from PATH), JAVA_OPTS (more JVM options, for example -Xmx8g),
rem OMP_NUM_THREADS (threads of the native kernels; else one for each physical core).

setlocal
set "HOME_DIR=%~dp0"

rem Which program: its module, the module that is not in it, and what Maven has to download the first time.
set "MODULE=examples"
set "OTHER=benchmarks"
set "JAR=%HOME_DIR%examples\target\atelier.jar"
set "DOWNLOAD=230"
set "PROFILE="
if /i "%~1"=="bench" (
    set "MODULE=benchmarks"
    set "OTHER=examples"
    set "JAR=%HOME_DIR%benchmarks\target\benchmarks.jar"
    set "DOWNLOAD=320"
    set "PROFILE=-Pbench"
)

set "JAVA_EXE=java"
if defined JAVA_HOME set "JAVA_EXE=%JAVA_HOME%\bin\java.exe"
"%JAVA_EXE%" -version >nul 2>&1
if errorlevel 1 (
    echo atelier: no Java found: install a JDK 17 or newer, or set JAVA_HOME. 1>&2
    exit /b 1
)
set "VERSION="
for /f "tokens=3" %%v in ('""%JAVA_EXE%" -version 2>&1" ^| findstr /c:" version "') do if not defined VERSION set "VERSION=%%~v"
for /f "tokens=1,2 delims=.-+" %%a in ("%VERSION%") do (
    set "MAJOR=%%a"
    if "%%a"=="1" set "MAJOR=%%b"
)
if not defined MAJOR set "MAJOR=0"
if %MAJOR% lss 17 (
    echo atelier: Java 17 or newer is needed; %JAVA_EXE% is version %VERSION%. Set JAVA_HOME. 1>&2
    exit /b 1
)

rem Is a source, resource or POM newer than the jar? (Tests and the other program are not in it.)
set "STALE=1"
if exist "%JAR%" (
    set "STALE=0"
    powershell -NoProfile -Command "$j = (Get-Item $env:JAR).LastWriteTimeUtc; $f = @(Get-ChildItem $env:HOME_DIR -Filter pom.xml); Get-ChildItem $env:HOME_DIR -Directory -Exclude $env:OTHER | Where-Object { Test-Path ($_.FullName + '\pom.xml') } | ForEach-Object { $f += Get-Item ($_.FullName + '\pom.xml'); $f += Get-ChildItem ($_.FullName + '\src\main'), ($_.FullName + '\src\peer\java') -Recurse -File -ErrorAction SilentlyContinue }; if (@($f | Where-Object { $_.LastWriteTimeUtc -gt $j }).Count) { exit 1 } else { exit 0 }"
    if errorlevel 1 set "STALE=1"
)
if "%STALE%"=="0" goto run

where mvn >nul 2>&1
if errorlevel 1 (
    echo atelier: building needs Maven 3.8.1 or newer, and there is no mvn in PATH. 1>&2
    exit /b 1
)
echo atelier: building %JAR% (about a minute; the first time Maven also downloads about %DOWNLOAD% MB) ... 1>&2
pushd "%HOME_DIR%"
call mvn -B -q -ntp %PROFILE% -pl %MODULE% -am package -DskipTests 1>&2
set "BUILT=%ERRORLEVEL%"
popd
if not "%BUILT%"=="0" (
    echo atelier: the build failed; the lines above say why. 1>&2
    exit /b 1
)

:run
rem One native thread for each physical core: two threads on one core slow the kernels down.
if defined OMP_NUM_THREADS goto java
for /f %%c in ('powershell -NoProfile -Command "(Get-CimInstance Win32_Processor | Measure-Object NumberOfCores -Sum).Sum" 2^>nul') do set "OMP_NUM_THREADS=%%c"

:java
if "%MODULE%"=="benchmarks" goto bench
"%JAVA_EXE%" "@%HOME_DIR%examples\target\jvm.flags" %JAVA_OPTS% -jar "%JAR%" %*
exit /b %ERRORLEVEL%

:bench
rem All arguments but the first; later options win.
for /f "tokens=1,*" %%a in ("%*") do set "REST=%%b"
"%JAVA_EXE%" "@%HOME_DIR%benchmarks\target\jvm.flags" %JAVA_OPTS% -cp "%JAR%" org.atelier4j.benchmarks.Report --folder out/bench --minutes 10 %REST%
exit /b %ERRORLEVEL%
