; The setup program for one user, without an administrator. Compiled by build.py, which defines
; VERSION, NUMBERS (four, for the version stamp), SOURCE (the program folder), ICONS, OUTPUT and
; SLASH (what parts folders where this is compiled: "File" takes no other).
;
; Options:  /S silent   /D=FOLDER (last, no quotes)   /DESKTOP link on the desktop
;           /NOASSOC leave .tagwerk files alone        /LANG=1031 German, /LANG=1033 English
; uninstall.exe:  /S silent   /DELETEDATA settings, logs and saved connections as well
; Exit codes: 0 done, 1 cancelled, 2 not done (the program is running, a file cannot be written, or
; the folder holds another program). uninstall.exe goes on from a copy of itself, and its code comes
; only with _?=FOLDER (last, no quotes), which runs it where it lies and waits.
;
; The user's data lies in %LOCALAPPDATA%\tagwerk and is never touched without being told.

Unicode true
Target amd64-unicode
SetCompressor /SOLID lzma
SetCompressorDictSize 64
ManifestDPIAware true
ManifestSupportedOS Win10
RequestExecutionLevel user
BrandingText "Tagwerk ${VERSION}"
Name "Tagwerk"
OutFile "${OUTPUT}"
InstallDir "$LOCALAPPDATA\Programs\Tagwerk"

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh

!define ENTRY "Software\Microsoft\Windows\CurrentVersion\Uninstall\Tagwerk"
!define START "Software\Microsoft\Windows\CurrentVersion\App Paths\tagwerk.exe"
!define KIND "Tagwerk.Workspace"
!define CLASSES "Software\Classes"
InstallDirRegKey HKCU "${ENTRY}" "InstallLocation"

!define MUI_ICON "${ICONS}\tagwerk.ico"
!define MUI_UNICON "${ICONS}\tagwerk.ico"
!define MUI_ABORTWARNING
; The list in the page's whole width: the narrow one cuts the German words off.
!define MUI_COMPONENTSPAGE_SMALLDESC
!define MUI_WELCOMEFINISHPAGE_BITMAP "${ICONS}${SLASH}tagwerk-side.bmp"
!define MUI_FINISHPAGE_RUN "$INSTDIR\tagwerkw.exe"
!define MUI_FINISHPAGE_NOAUTOCLOSE
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_COMPONENTS
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "German"
!insertmacro MUI_RESERVEFILE_LANGDLL

VIProductVersion "${NUMBERS}"
VIAddVersionKey /LANG=1033 "ProductName" "Tagwerk"
VIAddVersionKey /LANG=1033 "FileDescription" "Tagwerk setup"
VIAddVersionKey /LANG=1033 "FileVersion" "${VERSION}"
VIAddVersionKey /LANG=1033 "ProductVersion" "${VERSION}"
VIAddVersionKey /LANG=1033 "LegalCopyright" "MIT licence"

LangString PROGRAM 1033 "Program"
LangString PROGRAM 1031 "Programm"
LangString DESKTOP 1033 "Link on the desktop"
LangString DESKTOP 1031 "Verknüpfung auf dem Desktop"
LangString FILES 1033 "Open .tagwerk files with it"
LangString FILES 1031 "Dateien .tagwerk damit öffnen"
LangString DATA 1033 "Delete settings, connections and logs"
LangString DATA 1031 "Einstellungen, Verbindungen, Protokolle löschen"
LangString ABOUT_PROGRAM 1033 "The program and its entry in the start menu."
LangString ABOUT_PROGRAM 1031 "Das Programm und sein Eintrag im Startmenü."
LangString ABOUT_DESKTOP 1033 "A link on your desktop."
LangString ABOUT_DESKTOP 1031 "Eine Verknüpfung auf Ihrem Desktop."
LangString ABOUT_FILES 1033 "A double-click on a workspace file opens it in Tagwerk."
LangString ABOUT_FILES 1031 "Ein Doppelklick auf eine Arbeitsbereichsdatei öffnet sie in Tagwerk."
LangString ABOUT_DATA 1033 "The record of what was written to plants as well. Passwords in the Credential Manager stay."
LangString ABOUT_DATA 1031 "Auch die Aufzeichnung der Schreibvorgänge. Kennwörter bleiben bei Windows gespeichert."
LangString WORKSPACE 1033 "Tagwerk workspace"
LangString WORKSPACE 1031 "Tagwerk-Arbeitsbereich"
LangString RUNNING 1033 "Tagwerk is running from $INSTDIR. Close it, then try again."
LangString RUNNING 1031 "Tagwerk läuft aus $INSTDIR. Schließen Sie es und versuchen Sie es erneut."
LangString OTHERS 1033 "$INSTDIR holds files of another program. Choose a folder that is empty, or that of Tagwerk."
LangString OTHERS 1031 "$INSTDIR enthält Dateien eines anderen Programms. Wählen Sie einen leeren Ordner oder den von Tagwerk."

; $0 becomes "others" where the folder holds what setup would take away or write over, and no Tagwerk:
; many programs have a folder _internal. The icon of the files is the first that comes and the last
; that goes, so that a setup that was broken off is known as well.
!macro SEE_WHOSE_FOLDER
  StrCpy $0 ""
  ${IfNot} ${FileExists} "$INSTDIR\tagwerk-file.ico"
  ${AndIfNot} ${FileExists} "$INSTDIR\tagwerkw.exe"
    ${If} ${FileExists} "$INSTDIR\_internal\*.*"
    ${OrIf} ${FileExists} "$INSTDIR\licences\*.*"
    ${OrIf} ${FileExists} "$INSTDIR\version.txt"
      StrCpy $0 "others"
    ${EndIf}
  ${EndIf}
!macroend

!macro STAY_OUT_OF_OTHERS
  !insertmacro SEE_WHOSE_FOLDER
  ${If} $0 != ""
    MessageBox MB_OK|MB_ICONSTOP "$(OTHERS)" /SD IDOK
    SetErrorLevel 2
    Abort
  ${EndIf}
!macroend

; A file that a running program was started from cannot be opened for writing.
!macro WAIT_UNTIL_ENDED
  ${Do}
    StrCpy $0 ""
    ${For} $1 1 2
      ${If} $1 == 1
        StrCpy $2 "$INSTDIR\tagwerk.exe"
      ${Else}
        StrCpy $2 "$INSTDIR\tagwerkw.exe"
      ${EndIf}
      ${If} ${FileExists} "$2"
        ClearErrors
        FileOpen $3 "$2" a
        ${If} ${Errors}
          StrCpy $0 "running"
        ${Else}
          FileClose $3
        ${EndIf}
      ${EndIf}
    ${Next}
    ${If} $0 == ""
      ${ExitDo}
    ${EndIf}
    ${If} ${Silent}
      SetErrorLevel 2
      Abort
    ${EndIf}
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(RUNNING)" IDRETRY +3
    SetErrorLevel 1
    Abort
  ${Loop}
!macroend

; Only what setup itself has brought: a folder may hold files of the user beside it.
!macro REMOVE_PROGRAM
  RMDir /r "$INSTDIR\_internal"
  RMDir /r "$INSTDIR\licences"
  Delete "$INSTDIR\tagwerk.exe"
  Delete "$INSTDIR\tagwerkw.exe"
  Delete "$INSTDIR\version.txt"
  Delete "$INSTDIR\tagwerk-file.ico"
!macroend

Section "$(PROGRAM)" SEC_PROGRAM
  SectionIn RO
  !insertmacro STAY_OUT_OF_OTHERS
  !insertmacro WAIT_UNTIL_ENDED
  ; An older version goes first, so that nothing of it is left between the new files.
  !insertmacro REMOVE_PROGRAM
  SetOutPath "$INSTDIR"
  ClearErrors
  File "${ICONS}${SLASH}tagwerk-file.ico"
  File /r "${SOURCE}${SLASH}*"
  ${If} ${Errors}
    SetErrorLevel 2
    Abort
  ${EndIf}
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\Tagwerk.lnk" "$INSTDIR\tagwerkw.exe" "" "$INSTDIR\tagwerkw.exe" 0
  WriteRegStr HKCU "${START}" "" "$INSTDIR\tagwerk.exe"
  ; "Apps & Features"
  WriteRegStr HKCU "${ENTRY}" "DisplayName" "Tagwerk"
  WriteRegStr HKCU "${ENTRY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${ENTRY}" "Publisher" "Tagwerk"
  WriteRegStr HKCU "${ENTRY}" "DisplayIcon" "$INSTDIR\tagwerkw.exe,0"
  WriteRegStr HKCU "${ENTRY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${ENTRY}" "Language" "$LANGUAGE"
  WriteRegStr HKCU "${ENTRY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${ENTRY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${ENTRY}" "NoModify" 1
  WriteRegDWORD HKCU "${ENTRY}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  IntFmt $0 "0x%08X" $0
  WriteRegDWORD HKCU "${ENTRY}" "EstimatedSize" "$0"
SectionEnd

Section "$(FILES)" SEC_FILES
  WriteRegStr HKCU "${CLASSES}\.tagwerk" "" "${KIND}"
  WriteRegStr HKCU "${CLASSES}\.tagwerk\OpenWithProgids" "${KIND}" ""
  WriteRegStr HKCU "${CLASSES}\${KIND}" "" "$(WORKSPACE)"
  WriteRegStr HKCU "${CLASSES}\${KIND}\DefaultIcon" "" "$INSTDIR\tagwerk-file.ico,0"
  WriteRegStr HKCU "${CLASSES}\${KIND}\shell\open\command" "" '"$INSTDIR\tagwerkw.exe" "%1"'
  ; SHCNE_ASSOCCHANGED: Explorer looks again.
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
SectionEnd

Section /o "$(DESKTOP)" SEC_DESKTOP
  CreateShortcut "$DESKTOP\Tagwerk.lnk" "$INSTDIR\tagwerkw.exe" "" "$INSTDIR\tagwerkw.exe" 0
SectionEnd

!insertmacro MUI_FUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${SEC_PROGRAM} $(ABOUT_PROGRAM)
  !insertmacro MUI_DESCRIPTION_TEXT ${SEC_FILES} $(ABOUT_FILES)
  !insertmacro MUI_DESCRIPTION_TEXT ${SEC_DESKTOP} $(ABOUT_DESKTOP)
!insertmacro MUI_FUNCTION_DESCRIPTION_END

Function .onInit
  SetShellVarContext current
  ; An upgrade speaks as the installation did, until told otherwise.
  ReadRegStr $1 HKCU "${ENTRY}" "Language"
  ${If} $1 != ""
    StrCpy $LANGUAGE $1
  ${EndIf}
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/LANG=" $1
  ${IfNot} ${Errors}
    StrCpy $LANGUAGE $1
  ${EndIf}
  ClearErrors
  ${GetOptions} $0 "/DESKTOP" $1
  ${IfNot} ${Errors}
    !insertmacro SelectSection ${SEC_DESKTOP}
  ${EndIf}
  ; An upgrade keeps the link that is there.
  ${If} ${FileExists} "$DESKTOP\Tagwerk.lnk"
    !insertmacro SelectSection ${SEC_DESKTOP}
  ${EndIf}
  ; ... and leaves files alone that were not to be opened with it.
  ReadRegStr $2 HKCU "${ENTRY}" "InstallLocation"
  ReadRegStr $3 HKCU "${CLASSES}\${KIND}\shell\open\command" ""
  ${If} $2 != ""
  ${AndIf} $3 == ""
    !insertmacro UnselectSection ${SEC_FILES}
  ${EndIf}
  ClearErrors
  ${GetOptions} $0 "/NOASSOC" $1
  ${IfNot} ${Errors}
    !insertmacro UnselectSection ${SEC_FILES}
  ${EndIf}
FunctionEnd

; The button stays grey over a folder of others. Not asked in a silent setup: see the section.
Function .onVerifyInstDir
  Push $0
  !insertmacro SEE_WHOSE_FOLDER
  ${If} $0 != ""
    Pop $0
    Abort
  ${EndIf}
  Pop $0
FunctionEnd

Section "un.$(PROGRAM)" UN_PROGRAM
  SectionIn RO
  !insertmacro STAY_OUT_OF_OTHERS
  !insertmacro WAIT_UNTIL_ENDED
  !insertmacro REMOVE_PROGRAM
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  ; Installed into another folder later on: links and entries are those of that one by now.
  ReadRegStr $0 HKCU "${ENTRY}" "InstallLocation"
  ${IfNot} ${FileExists} "$0\tagwerkw.exe"
    Delete "$SMPROGRAMS\Tagwerk.lnk"
    Delete "$DESKTOP\Tagwerk.lnk"
    DeleteRegKey HKCU "${ENTRY}"
    DeleteRegKey HKCU "${START}"
    DeleteRegKey HKCU "${CLASSES}\${KIND}"
    DeleteRegValue HKCU "${CLASSES}\.tagwerk\OpenWithProgids" "${KIND}"
    DeleteRegKey /ifempty HKCU "${CLASSES}\.tagwerk\OpenWithProgids"
    ; The ending may be another program's by now.
    ReadRegStr $0 HKCU "${CLASSES}\.tagwerk" ""
    ${If} $0 == "${KIND}"
      DeleteRegValue HKCU "${CLASSES}\.tagwerk" ""
    ${EndIf}
    DeleteRegKey /ifempty HKCU "${CLASSES}\.tagwerk"
  ${EndIf}
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
SectionEnd

Section /o "un.$(DATA)" UN_DATA
  RMDir /r "$LOCALAPPDATA\tagwerk"
SectionEnd

!insertmacro MUI_UNFUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${UN_PROGRAM} $(ABOUT_PROGRAM)
  !insertmacro MUI_DESCRIPTION_TEXT ${UN_DATA} $(ABOUT_DATA)
!insertmacro MUI_UNFUNCTION_DESCRIPTION_END

Function un.onInit
  SetShellVarContext current
  ; The language that was installed with, which may not be the system's.
  ReadRegStr $1 HKCU "${ENTRY}" "Language"
  ${If} $1 != ""
    StrCpy $LANGUAGE $1
  ${EndIf}
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/DELETEDATA" $1
  ${IfNot} ${Errors}
    !insertmacro SelectSection ${UN_DATA}
  ${EndIf}
FunctionEnd
